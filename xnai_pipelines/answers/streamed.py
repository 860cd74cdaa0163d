"""A generator that is read in a `for` loop and asked afterwards for what it returned."""

from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Streamed(Generic[Item, Result]):
    """The items of a generator, once; `result` is what it returned, known when they have all been read."""

    result: Result

    def __init__(self, generator: Generator[Item, None, Result]) -> None:
        self._generator = generator

    def __iter__(self) -> Iterator[Item]:
        self.result = yield from self._generator

    def drained(self) -> Result:
        """Read the items that are left, and return the result."""
        for _ in self:
            pass
        return self.result
