"""A circuit breaker: a dependency that failed several times in a row is left alone for a while."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from purgatory.domain.model import Context

Result = TypeVar("Result")


class Breaker:
    """The breaker of one dependency.

    Attributes:
        name: The dependency, as metrics and the status name it.
    """

    def __init__(self, name: str, failures: int, seconds: float) -> None:
        # if redis is installed, purgatory imports it, used or not: half a second of a start
        from purgatory import AsyncCircuitBreakerFactory

        self.name = name
        self._factory = AsyncCircuitBreakerFactory(default_threshold=failures, default_ttl=seconds)
        self._context: Context | None = None

    @property
    def state(self) -> str:
        """closed: it is used; opened: it is left alone; half-opened: the next use decides."""
        return "closed" if self._context is None else str(self._context.state)

    async def use(self, work: Callable[[], Awaitable[Result]], failing: tuple[type[Exception], ...]) -> Result | None:
        """Return the result of the work; None if the dependency is left alone or fails with one of these errors.

        Work that ends otherwise, such as cancelled because its client has left, says nothing of the dependency.
        """
        from purgatory.domain.model import OpenedState

        breaker = await self._factory.get_breaker(self.name)
        self._context = breaker.context
        try:
            await breaker.__aenter__()
        except OpenedState as error:
            error.__traceback__ = None  # purgatory raises the same object every time, and its traceback would grow
            return None
        try:
            result = await work()
        except failing as error:
            await breaker.__aexit__(type(error), error, None)
            return None
        await breaker.__aexit__(None, None, None)
        return result
