"""Each requirement in docs/security.md names a test that exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.findall(r"`(test_\w+\.py)::(test_\w+)` \|$", (ROOT / "docs/security.md").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_a_requirement_names_a_test_that_exists(file: str, test: str) -> None:
    assert f"def {test}(" in (ROOT / "tests/serving" / file).read_text("utf-8")


def test_the_table_is_read() -> None:
    assert len(NAMED) > 20
