"""A file whose parser's extra is not installed says which; what such a parser once read stays."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

from xnai_pipelines.documents.parsers import registry
from xnai_pipelines.documents.parsers.media_types import PDF
from xnai_pipelines.documents.parsers.parsed import ParseLimits, SourceFile
from xnai_pipelines.documents.parsers.read import read_contents
from xnai_pipelines.documents.parsers.registry import is_current, parser_for
from xnai_pipelines.errors import UnreadableError


@contextmanager
def without_pypdfium2() -> Iterator[None]:
    """A process in which the extra `pdf` is not installed."""
    caches = (registry._identity, registry._current, registry._unavailable)
    installed = registry._version
    absent = mock.patch.object(registry, "_version", lambda name: None if name == "pypdfium2" else installed(name))
    for cache in caches:
        cache.cache_clear()
    with absent, mock.patch.dict(sys.modules, {"pypdfium2": None}):
        yield
    for cache in caches:
        cache.cache_clear()


def test_the_extra_is_named_in_the_reason(tmp_path: Path) -> None:
    (tmp_path / "any.pdf").write_bytes(b"%PDF-1.7")
    message = r"A PDF needs pypdfium2.*pip install 'xnai-pipelines\[pdf\]'\. The next run"
    with without_pypdfium2(), pytest.raises(UnreadableError, match=message) as caught:
        list(read_contents(parser_for(PDF), SourceFile(tmp_path / "any.pdf", "any.pdf", PDF, ParseLimits())))
    assert caught.value.kind == "not_installed"


def test_files_are_read_again_once_it_is_installed_and_not_when_it_is_gone() -> None:
    present = parser_for(PDF).id
    with without_pypdfium2():
        missing = parser_for(PDF).id
        assert is_current(missing)
        assert is_current(present), "nothing here could read the file again: its document stays"
        assert not is_current(parser_for("text/markdown").id.replace("@", "@0"))
    assert is_current(present)
    assert not is_current(missing)
