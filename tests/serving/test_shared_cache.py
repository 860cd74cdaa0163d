"""Processes share results in Redis, per state and groups; without Redis only speed is lost."""

from itertools import count

import anyio
import pytest
from pydantic import TypeAdapter

from tests.support.backed_up import copy_home
from tests.support.redis_server import redis_server
from tests.support.served import bearer, served
from tests.support.waiting import NEVER_SECONDS, until
from xnai_pipelines.errors import TooManyRequestsError
from xnai_pipelines.serving import shared_cache
from xnai_pipelines.serving.shared_cache import FAILURES, SharedCache

QUARTZ = {"question": "paid in quartz"}


@pytest.fixture
def redis():
    with redis_server() as server:
        yield server


@pytest.fixture
def share(redis, monkeypatch):
    """Return a function that gives a service a cache; on a busy machine Redis may take its time."""
    monkeypatch.setattr(shared_cache, "WAIT_SECONDS", NEVER_SECONDS)
    return lambda work: SharedCache(redis.url, str(work.home.root))


def works_no_more(client, monkeypatch):
    async def refuse(_):
        raise TooManyRequestsError("Nothing is computed here.", 1)

    monkeypatch.setattr(client.service.workers, "do", refuse)


def asked(client, headers, body=QUARTZ):
    return client.post("/v1/search", json=body, headers=headers)


def test_what_one_process_found_another_serves_to_the_same_groups_alone(tenants, share, monkeypatch):
    with served(tenants.home, shared=share(tenants)) as first, served(tenants.home, shared=share(tenants)) as second:
        works_no_more(second, monkeypatch)
        blue, red = bearer(tenants.home, "blue"), bearer(tenants.home, "red")
        found = asked(first, blue)
        assert asked(second, blue).content == found.content
        assert asked(second, blue, {"question": "paid  in quartz "}).content == found.content
        assert [asked(second, red).status_code, asked(second, blue, {**QUARTZ, "k": 3}).status_code] == [429, 429]
        context = first.post("/v1/context", json=QUARTZ, headers=blue)
        assert second.post("/v1/context", json=QUARTZ, headers=blue).content == context.content


def test_what_was_deleted_is_not_kept(tenants, tmp_path, redis, share):
    work = copy_home(tenants, tmp_path / "work")
    with served(work.home, shared=share(work)) as client:
        blue = bearer(work.home, "blue")
        assert asked(client, blue).json()["hits"]
        assert b"quartz, invoice" in redis.contents()
        (work.documents / "blue/pay.md").unlink()
        work.ingest()
        until(lambda: "blue/pay.md" not in [hit["source"] for hit in asked(client, blue).json()["hits"]])
        until(lambda: b"quartz, invoice" not in redis.contents())  # removed by the look that serves the new state
        others = ({**QUARTZ, "k": k} for k in count(4))  # what was found before that look ended is not shared
        until(lambda: asked(client, blue, next(others)).json()["hits"] and b"holidays.md" in redis.contents())


def test_what_comes_after_the_results_before_were_removed_is_removed_too(redis, share, tenants, monkeypatch):
    monkeypatch.setitem(shared_cache.SHARED, "word", TypeAdapter(str))

    async def late():
        cache = share(tenants)
        await cache.keep_only("before")
        store = cache._redis.set

        async def slow(*arguments, **options):
            await cache.keep_only("now")
            await store(*arguments, **options)

        cache._redis.set = slow
        await cache.put("before", frozenset(), ("word",), "forgotten")
        await cache.close()

    anyio.run(late)
    assert redis.contents() == b""


def test_what_is_no_result_is_found_again(tenants, redis, share):
    with served(tenants.home, shared=share(tenants)) as client:
        blue = bearer(tenants.home, "blue")
        found = asked(client, blue)
    for name in redis.client.scan_iter():
        redis.client.set(name, b"garbage")
    with served(tenants.home, shared=share(tenants)) as client:
        assert asked(client, blue).content == found.content


@pytest.mark.parametrize("ending", ["kill", "hang"])
def test_without_redis_the_service_answers_and_leaves_it_alone(tenants, redis, share, ending, monkeypatch):
    monkeypatch.setattr(shared_cache, "WAIT_SECONDS", 0.25)
    with served(tenants.home, shared=share(tenants)) as client:
        headers = bearer(tenants.home, "blue")
        # on a slow machine the first look may have left it alone
        until(lambda: client.get("/v1/status", headers=headers).json()["dependencies"] == {"redis": "closed"})
        getattr(redis, ending)()
        for k in range(1, FAILURES + 2):
            assert asked(client, headers, {**QUARTZ, "k": k}).json()["hits"]
        assert client.get("/v1/status", headers=headers).json()["dependencies"] == {"redis": "opened"}
        assert 'xnai_dependency_used{dependency="redis"} 0.0' in client.get("/metrics", headers=headers).text
        assert asked(client, headers).json()["hits"]
