"""Workers give the bytes that the run itself would, whatever their number, and after one of them was killed."""

import hashlib
import os
import signal
from pathlib import Path

import pytest

from tests.support.sharded import Square, square
from xnai_pipelines.compute.engine import Engine, Here
from xnai_pipelines.compute.processes import Processes
from xnai_pipelines.encoders.cache import VectorCache, passage_vectors, stored_tokens
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.spread import Spread

WORDS = ("whale", "krill", "reef", "tide", "harbour", "current", "island")
TEXTS = [f"The {WORDS[number % 7]} of day {number}: {WORDS[number % 5]}." for number in range(150)]
KEYED = {hashlib.sha256(text.encode()).hexdigest(): text for text in TEXTS}

Made = tuple[bytes, dict[str, bytes], dict[str, int]]


class Apart(Here):
    """This process, with data in files as for other processes."""

    apart = True


def _made(encoder: Encoder, engine: Engine, folder: Path) -> Made:
    """Return the vectors, the token codes and the counts of the texts, through the cache as a run does it."""
    with VectorCache(folder / "vectors.db") as cache:
        vectors, counts = passage_vectors(
            encoder, cache, TEXTS, lambda *_: None, keep_tokens=True, spread=Spread(engine, folder / "shards")
        )
    codes = stored_tokens(folder / "vectors.db", encoder.vector_space, list(KEYED))
    return vectors.tobytes(), {key: code.write() for key, code in codes.items()}, dict(counts)


@pytest.fixture(scope="module")
def alone(built_encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """What the run itself makes of the texts."""
    return _made(built_encoder, Here(), tmp_path_factory.mktemp("alone"))


def test_shards_give_the_same_bytes_and_leave_no_file(built_encoder: Encoder, alone: Made, tmp_path: Path) -> None:
    assert _made(built_encoder, Apart(), tmp_path) == alone
    assert not (tmp_path / "shards").exists()


@pytest.mark.slow
def test_processes_give_the_same_bytes_though_one_is_killed(
    built_encoder: Encoder, alone: Made, tmp_path: Path
) -> None:
    engine, killed = Processes(2), []

    def kill_one(_: int) -> None:
        if not killed:
            killed.append(next(iter(engine.figures)))
            os.kill(int(killed[0].rpartition("/")[2]), signal.SIGKILL)

    spread = Spread(engine, tmp_path / "shards")
    encoded, codes = spread.encode(built_encoder, KEYED, kill_one, keep_tokens=True)
    vectors, tokens, counts = alone
    assert killed
    assert encoded.vectors.tobytes() == vectors
    assert (encoded.tokens, encoded.truncated) == (counts["tokens"], counts["truncated"])
    assert {key: code.write() for key, code in codes.items()} == tokens


def test_what_a_killed_run_had_encoded_is_not_encoded_again(
    built_encoder: Encoder, alone: Made, tmp_path: Path
) -> None:
    done = 0

    class Dies(Apart):
        def map(self, function, shards):
            yield from map(function, shards[:2])
            raise KeyboardInterrupt

    class Counts(Apart):
        def map(self, function, shards):
            nonlocal done
            done = sum(shard.result.exists() for shard in shards)
            yield from map(function, shards)

    with pytest.raises(KeyboardInterrupt):
        Spread(Dies(), tmp_path / "shards").encode(built_encoder, KEYED, lambda _: None, keep_tokens=False)
    encoded, _ = Spread(Counts(), tmp_path / "shards").encode(built_encoder, KEYED, lambda _: None, keep_tokens=False)
    assert done == 2
    assert encoded.vectors.tobytes() == alone[0]


@pytest.mark.parametrize(
    ("engine", "texts", "pays"), [(Here(), 10_000, False), (Apart(), 64, False), (Apart(), 65, True)]
)
def test_workers_are_used_only_for_more_texts_than_one_of_them_gets(engine: Engine, texts: int, pays: bool) -> None:
    assert Spread(engine, Path("unused")).pays(texts) is pays


@pytest.mark.slow
def test_a_ray_cluster_gives_the_same_bytes_and_does_a_lost_shard_again(
    built_encoder: Encoder, alone: Made, tmp_path: Path
) -> None:
    import ray

    from xnai_pipelines.compute.ray_cluster import RayCluster

    engine = RayCluster(2, None)
    try:
        dying = [Square(number, tmp_path / "died" if number == 2 else None) for number in range(4)]
        assert sorted(engine.map(square, dying)) == [0, 1, 4, 9]
        spread = Spread(engine, tmp_path / "shards")
        encoded, _ = spread.encode(built_encoder, KEYED, lambda _: None, keep_tokens=False)
    finally:
        ray.shutdown()
    assert (tmp_path / "died").exists()
    assert encoded.vectors.tobytes() == alone[0]
