"""A disk that is too small for an array is an error to tell of, and not the end of the process."""

from pathlib import Path

import numpy as np
import pytest

from xnai_pipelines.search.array_files import ArrayFile, new_array
from xnai_pipelines.state.full_disk import is_of_full_disk


def test_an_array_in_a_file_is_of_zeros_until_it_is_written(tmp_path: Path):
    array = new_array(tmp_path / "a.npy", np.float32, (3, 2))
    assert not array.any()
    array[1] = 7
    assert np.load(tmp_path / "a.npy").tolist() == [[0, 0], [7, 7], [0, 0]]
    assert new_array(tmp_path / "none.npy", np.int8, (0,)).size == 0


def fill_in_place(folder: Path) -> None:
    new_array(folder / "a.npy", np.uint8, (2**24,))


def append(folder: Path) -> None:
    with ArrayFile(folder / "a.npy", np.uint8) as file:
        file.append(np.zeros(2**24, np.uint8))


def save(folder: Path) -> None:
    np.save(folder / "a.npy", np.zeros(2**24, np.uint8))


@pytest.mark.parametrize("write", [fill_in_place, append, save])
def test_an_array_for_which_the_disk_has_no_space_is_refused(write, small_disk: Path):
    with pytest.raises(OSError) as refused:  # noqa: PT011 - in words that differ
        write(small_disk)
    assert is_of_full_disk(refused.value)
