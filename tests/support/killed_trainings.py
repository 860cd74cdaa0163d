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


class Trainings:
    """A measured world, and the weights to which its training leads.

    Attributes:
        seconds: The longest that a training is known to take.
    """

    def __init__(self, encoder: Encoder, root: Path) -> None:
        self._root = root
        self._world = make_measured_home(root / "world", encoder)
        mine(self._world)
        whole = copy_world(self._world, root / "whole")
        started = time.monotonic()
        self._expected = _trained(whole)
        self.seconds = time.monotonic() - started

    def disturb(self, generator: random.Random) -> tuple[str, list[str]]:
        """Kill a training, then train to the end; return how the first ended, and what is wrong with the second."""
        folder = self._root / "disturbed"
        shutil.rmtree(folder, ignore_errors=True)
        work = copy_world(self._world, folder)
        code = end(start_process(_train, folder, work.encoder.spec.source), generator.uniform(0, 2 * self.seconds))
        wrong = [] if _trained(work) == self._expected else ["the weights of the adapter"]
        ended = {-9: "killed", 0: "completed"}.get(code, f"failed {code}")
        return ended, wrong if code in (-9, 0) else [f"the training {ended}"]


def _train(root: Path, encoder: Path) -> None:
    adapters.Training = functools.partial(adapters.Training, checkpoint_seconds=0)  # after each step
    train(Workplace(root, Encoder.load(encoder, threads=1)), lambda: None)


def _trained(work: Workplace) -> bytes:
    """Train, and return the weights of the adapter."""
    train(work, lambda: None)
    adapter = read_adapter_report(work.home).adapter
    return (work.home.adapters / adapter / "adapter_model.safetensors").read_bytes()
