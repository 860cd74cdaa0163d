"""The cache gives back the bits it was given, forgets without a trace, and never fails for being damaged."""

import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from xnai_pipelines.encoders.cache import VectorCache, text_sha256

KEYS = [text_sha256(f"text {i}") for i in range(50)]
VECTORS = np.random.default_rng(5).normal(size=(50, 384)).astype(np.float32)


def test_vectors_come_back_bit_for_bit_and_only_from_their_space(tmp_path: Path) -> None:
    with VectorCache(tmp_path / "cache.sqlite") as cache:
        cache.put_many("space", KEYS, VECTORS)
        found = cache.get_many("space", [*KEYS, text_sha256("unknown")])
        assert list(found) == KEYS
        np.testing.assert_array_equal(np.stack(list(found.values())), VECTORS)
        assert cache.get_many("other", KEYS) == {}


def test_what_was_stored_is_there_after_reopening(tmp_path: Path) -> None:
    with VectorCache(tmp_path / "cache.sqlite") as cache:
        cache.put_many("space", KEYS, VECTORS)
    with VectorCache(tmp_path / "cache.sqlite") as cache:
        assert cache.size().vectors == 50
        assert cache.size().bytes > VECTORS.nbytes


def test_what_is_not_kept_is_removed_from_every_space_and_from_the_bytes_on_disk(tmp_path: Path) -> None:
    with VectorCache(tmp_path / "cache.sqlite") as cache:
        cache.put_many("one", KEYS, VECTORS)
        cache.put_many("two", KEYS, VECTORS)
        secret = VECTORS[7].tobytes()[:64]
        assert any(secret in path.read_bytes() for path in tmp_path.iterdir())
        assert cache.keep_only(set(KEYS) - {KEYS[7]}) == 2
        assert not any(secret in path.read_bytes() for path in tmp_path.iterdir())
        assert cache.get_many("one", KEYS).keys() == cache.get_many("two", KEYS).keys() == set(KEYS) - {KEYS[7]}


def test_processes_of_several_machines_share_no_memory_over_the_file_and_forget_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with VectorCache(tmp_path / "cache.sqlite") as cache:
        cache.put_many("space", KEYS, VECTORS)
    monkeypatch.setenv("XNAI_POSTGRES_HOST", "postgres")
    with VectorCache(tmp_path / "cache.sqlite") as cache:
        assert list(cache.get_many("space", KEYS)) == KEYS
        assert cache.keep_only(set(KEYS[1:])) == 1
        assert [path.name for path in tmp_path.iterdir()] == ["cache.sqlite"]
        assert VECTORS[0].tobytes()[:64] not in (tmp_path / "cache.sqlite").read_bytes()


def test_keeping_only_some_texts_removes_the_others_from_every_space_and_from_the_disk(tmp_path: Path) -> None:
    with VectorCache(tmp_path / "cache.sqlite") as cache:
        cache.put_many("current", KEYS, VECTORS)
        cache.put_many("former", KEYS, VECTORS)
        before = cache.size().bytes
        assert cache.keep_only(KEYS) == 0
        assert cache.keep_only(KEYS[:10]) == 80
        assert cache.size().bytes < before
        assert cache.get_many("current", KEYS).keys() == cache.get_many("former", KEYS).keys() == set(KEYS[:10])


@pytest.mark.slow
def test_two_processes_write_at_once(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import sys
        from pathlib import Path
        import numpy as np
        from xnai_pipelines.encoders.cache import VectorCache, text_sha256

        with VectorCache(Path(sys.argv[1])) as cache:
            for i in range(40):
                key = text_sha256(f"{sys.argv[2]} {i}")
                cache.put_many("space", [key], np.ones((1, 8), np.float32))
    """)
    path = tmp_path / "cache.sqlite"
    processes = [subprocess.Popen([sys.executable, "-c", program, str(path), name]) for name in "ab"]
    assert [process.wait() for process in processes] == [0, 0]
    with VectorCache(path) as cache:
        assert cache.size().vectors == 80


def test_a_file_that_is_no_database_is_replaced_and_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "cache.sqlite"
    path.write_bytes(b"not a database" * 1000)
    with VectorCache(path) as cache:
        cache.put_many("space", KEYS, VECTORS)
        assert cache.size().vectors == 50
    assert "is damaged" in caplog.text


def test_damage_found_while_reading_is_replaced_and_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "cache.sqlite"
    with VectorCache(path) as cache:
        cache.put_many("space", KEYS, VECTORS)
    content = bytearray(path.read_bytes())
    content[16384:] = b"\xff" * (len(content) - 16384)  # every page but the first, which describes the file
    path.write_bytes(content)
    with VectorCache(path) as cache:
        assert cache.get_many("space", KEYS) == {}
        cache.put_many("space", KEYS, VECTORS)
        assert len(cache.get_many("space", KEYS)) == 50
    assert "is damaged" in caplog.text


def test_a_lock_that_is_never_freed_is_an_error_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xnai_pipelines.encoders.cache._WAIT_FOR_OTHERS", 0.05)
    path = tmp_path / "cache.sqlite"
    with VectorCache(path) as cache:
        cache.put_many("space", KEYS[:10], VECTORS[:10])
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            cache.put_many("space", KEYS, VECTORS)
        other.close()
        assert cache.size().vectors == 10
