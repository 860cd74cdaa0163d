"""Every engine gives the same results, does the shard of a lost worker again, and passes on what a function raises."""

import socket
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.sharded import Square, die, refuse, square
from xnai_pipelines.compute.engine import Compute, EngineName, open_engine
from xnai_pipelines.compute.processes import Processes
from xnai_pipelines.errors import MissingExtraError, UnavailableError, WorkersLostError

SHARDS = [Square(number) for number in range(7)]
SQUARES = [0, 1, 4, 9, 16, 25, 36]


@pytest.mark.parametrize("name", ["here", "processes"])
def test_each_shard_is_done_once(name: str) -> None:
    engine = open_engine(Compute(EngineName(name), 2))
    assert sorted(engine.map(square, SHARDS)) == SQUARES


def test_the_shard_of_a_killed_process_is_done_again(tmp_path: Path) -> None:
    dying = [Square(shard.number, tmp_path / f"{shard.number}" if shard.number == 3 else None) for shard in SHARDS]
    assert sorted(Processes(2).map(square, dying)) == SQUARES
    assert [path.name for path in tmp_path.iterdir()] == ["3"]


def test_workers_are_kept_from_map_to_map_and_counted() -> None:
    engine = Processes(1)
    for _ in range(2):
        assert sorted(engine.map(square, SHARDS)) == SQUARES
    (figures,) = engine.figures.values()
    assert figures.shards == 2 * len(SHARDS)
    assert figures.peak_bytes > 0


def test_workers_that_always_die_are_not_started_for_ever() -> None:
    with pytest.raises(WorkersLostError, match="XNAI_COMPUTE_WORKERS"):
        list(Processes(1).map(die, SHARDS))


@pytest.mark.parametrize("name", ["here", "processes"])
def test_what_the_function_raises_ends_the_map(name: str) -> None:
    engine = open_engine(Compute(EngineName(name), 1))
    with pytest.raises(ValueError, match="0 is refused"):
        list(engine.map(refuse, SHARDS[:1]))


def test_nothing_to_do_starts_no_process() -> None:
    assert list(Processes(2).map(square, [])) == []


@pytest.mark.parametrize(("name", "apart"), [("here", False), ("processes", True)])
def test_the_engine_is_the_one_that_is_set(name: str, apart: bool) -> None:
    assert open_engine(Compute(EngineName(name), 2)).apart is apart


def test_a_ray_cluster_that_is_not_there_is_named_with_its_setting() -> None:
    with closing(socket.socket()) as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for given in (address, f"ray://{address}"):
            with pytest.raises(UnavailableError, match="XNAI_RAY_ADDRESS"):
                list(open_engine(Compute(EngineName.RAY, 1, given)).map(square, SHARDS))


def test_ray_is_named_with_its_extra_if_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"xnai-pipelines\[ray\]"):
        open_engine(Compute(EngineName.RAY, 2))
