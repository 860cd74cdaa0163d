"""A disk that is too small for an array is an error to tell of, and not the end of the process."""

from pathlib import Path

import numpy as np
import pytest

from xnai_pipelines.search.mapped import new_array


def test_an_array_is_of_zeros_and_is_kept_in_its_file(tmp_path: Path):
    array = new_array(tmp_path / "a.npy", np.float32, (3, 2))
    assert not array.any()
    array[1] = 7
    assert np.load(tmp_path / "a.npy").tolist() == [[0, 0], [7, 7], [0, 0]]
    assert new_array(tmp_path / "none.npy", np.int8, (0,)).size == 0


def test_an_array_for_which_the_disk_has_no_space_is_refused(small_disk: Path):
    with pytest.raises(OSError, match="No space left on device"):
        new_array(small_disk / "a.npy", np.uint8, (2**24,))
