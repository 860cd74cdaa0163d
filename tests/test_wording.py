"""Numbers and long texts as people read them."""

import pytest

from xnai_pipelines.wording import counted, shortened


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (1_234, "1,234 files")], ids=str
)
def test_one_is_singular(number, shown):
    assert counted(number, "file") == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("", ""), ("ten signs.", "ten signs."), ("eleven sign", "eleven si…"), ("one two  three", "one two…")],
)
def test_a_long_text_is_cut_after_a_sign(text, shown):
    assert shortened(text, 10) == shown
