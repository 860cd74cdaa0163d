"""Trainings of a small world: each is killed at a random moment and has to end as one that nobody disturbed."""

import functools
import random
import shutil
import time
from pathlib import Path

from tests.support.adaptation_world import copy_world, make_measured_home, mine
from tests.support.killed_stages import train
from tests.support.processes import end, start_process
from tests.support.workplace import Workplace
from xnai_pipelines.adapters import make as adapters
from xnai_pipelines.adapters.make import read_adapter_report
from xnai_pipelines.encoders.encoder import Encoder

KILLS = 5  # of one training


class Trainings:
    """A measured world, and the weights to which its training leads.

    Attributes:
        seconds: What a training took last.
    """

    def __init__(self, encoder: Encoder, root: Path) -> None:
        self._root = root
        self._world = make_measured_home(root / "world", encoder)
        mine(self._world)
        whole = copy_world(self._world, root / "whole")
        started = time.monotonic()
        self._expected = _trained(whole)
        self.seconds = time.monotonic() - started

    def disturb(self, generator: random.Random) -> tuple[list[str], list[str]]:
        """Kill a training again and again; return how each ended, and what is wrong with the one that goes on."""
        folder = self._root / "disturbed"
        shutil.rmtree(folder, ignore_errors=True)
        work = copy_world(self._world, folder)
        ends = []
        for _ in range(KILLS):
            process, started = start_process(_train, folder, work.encoder.spec.source), time.monotonic()
            code = end(process, generator.uniform(0, self.seconds))
            ends.append({-9: "killed", 0: "completed"}.get(code, f"failed {code}"))
            if code != -9:
                self.seconds = time.monotonic() - started
                break
        wrong = [] if _trained(work) == self._expected else ["the weights of the adapter"]
        return ends, [*wrong, *(f"the training {ended}" for ended in ends if ended.startswith("failed"))]


def _train(root: Path, encoder: Path) -> None:
    adapters.Training = functools.partial(adapters.Training, checkpoint_seconds=0)  # after each step
    train(Workplace(root, Encoder.load(encoder, threads=1)), lambda: None)


def _trained(work: Workplace) -> bytes:
    """Train, and return the weights of the adapter."""
    train(work, lambda: None)
    adapter = read_adapter_report(work.home).adapter
    return (work.home.adapters / adapter / "adapter_model.safetensors").read_bytes()
