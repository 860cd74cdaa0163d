"""Progress of long work: a bar in a terminal, log lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from tqdm import tqdm

LOG_EVERY_SECONDS = 5.0


class Advance(Protocol):
    """Reports that more items are done."""

    def __call__(self, items: int = 1, /) -> None:
        """Count the items."""


class Progress:
    """Shows the progress of a stage; `say` takes a sentence worth reading."""

    def __init__(self, say: Callable[[str], None], *, bar: bool | None = None) -> None:
        self.say = say
        self._bar = sys.stderr.isatty() if bar is None else bar

    @contextmanager
    def work(self, label: str, total: int, unit: str) -> Iterator[Advance]:
        """Show `total` items of work under the label; the yielded value reports items done."""
        if self._bar:
            with tqdm(total=total, desc=f"{label:<24}", unit=f" {unit}", file=sys.stderr, leave=total > 0) as bar:
                yield lambda items=1: _ignore(bar.update(items))
        else:
            yield self._logger(label, total, unit)

    def _logger(self, label: str, total: int, unit: str) -> Advance:
        started = shown = time.monotonic()
        done = 0

        def advance(items: int = 1, /) -> None:
            nonlocal done, shown
            done += items
            now = time.monotonic()
            if now - shown >= LOG_EVERY_SECONDS:
                shown = now
                self.say(f"{label}: {done:,}/{total:,} {unit}, {done / (now - started):.1f} {unit}/s")

        return advance


def _ignore(_: object) -> None:
    return None
