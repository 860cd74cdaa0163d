"""A caller asks so many times in any minute, and is told when it may ask again."""

import pytest

from xnai_pipelines.errors import TooManyRequestsError
from xnai_pipelines.serving.rate import RateLimit


class Clock:
    def __init__(self):
        self.seconds = 600.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


def counted(limit, times, name="a"):
    """Return how many of so many requests pass."""
    passed = 0
    for _ in range(times):
        try:
            limit.count("caller", name)
        except TooManyRequestsError:
            continue
        passed += 1
    return passed


def test_keys_are_counted_apart(clock):
    limit = RateLimit(5, clock)
    assert [counted(limit, 9, "a"), counted(limit, 9, "b")] == [5, 5]
    limit.count("address", "a")


def test_what_was_asked_in_the_minute_before_counts_by_its_share(clock):
    limit = RateLimit(10, clock)
    clock.seconds += 50
    assert counted(limit, 20) == 10
    clock.seconds += 40  # 30 seconds into the next minute: half of the ten count
    assert counted(limit, 20) == 5
    clock.seconds += 120
    assert counted(limit, 20) == 10


@pytest.mark.parametrize("times", [[0], [0, 45], [10, 70], [59, 61]])
@pytest.mark.parametrize("most", [1, 2, 7])
def test_after_the_wait_that_it_was_told_a_caller_may_ask(clock, most, times):
    limit = RateLimit(most, clock)
    for second in times:
        clock.seconds = 600.0 + second
        counted(limit, most + 1)
    with pytest.raises(TooManyRequestsError) as refused:
        limit.count("caller", "a")
    clock.seconds += refused.value.retry_after
    limit.count("caller", "a")


def test_nothing_is_kept_of_who_asked_two_minutes_ago(clock):
    limit = RateLimit(1, clock)
    for address in range(100):
        counted(limit, 1, str(address))
    clock.seconds += 120
    counted(limit, 1)
    assert len(limit._counted) + len(limit._before) == 1
