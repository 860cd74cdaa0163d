"""A processor is free when its work ends, not when nobody waits for it any longer."""

import threading

import anyio
import anyio.to_thread
import pytest

from tests.support.served import GENEROUS
from tests.support.waiting import NEVER_SECONDS
from xnai_pipelines.errors import RequestTimeoutError
from xnai_pipelines.serving.caller import Doorkeeper
from xnai_pipelines.serving.readiness import Readiness
from xnai_pipelines.serving.service import Service
from xnai_pipelines.serving.work import Workers


def test_work_that_nobody_waits_for_keeps_its_processor_until_it_ends():
    begun, goes_on = threading.Event(), threading.Event()
    workers = Workers(1, 8, NEVER_SECONDS)

    def work():
        begun.set()
        goes_on.wait()

    async def talk():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(workers.do, work)
            await anyio.to_thread.run_sync(begun.wait)
            tasks.cancel_scope.cancel()
        left = workers.busy
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(workers.do, goes_on.is_set)
            await anyio.wait_all_tasks_blocked()
            waiting = workers.waiting
            goes_on.set()
        return left, waiting, workers.busy

    assert anyio.run(talk) == (1, 1, 0)


def test_work_that_is_given_up_before_it_begins_gives_its_processor_back():
    workers = Workers(1, 8, 0)

    async def talk():
        with pytest.raises(RequestTimeoutError):
            await workers.do(threading.Event().wait)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await workers.do(threading.Event().wait)
        return workers.busy

    assert anyio.run(talk) == 0


def test_a_service_whose_processors_are_all_taken_is_ready(tenants):
    """Load that took a replica out of service would fall on the others."""
    service = Service(tenants.home, GENEROUS, Doorkeeper(tenants.home, authenticated=False), threads=1)
    goes_on = threading.Event()

    async def talk():
        await service.refresh()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(service.workers.do, goes_on.wait)
            await anyio.wait_all_tasks_blocked()
            try:
                await Readiness(service).check()
            finally:
                goes_on.set()

    anyio.run(talk)
