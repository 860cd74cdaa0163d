"""A spaCy pipeline, of a package or a folder: reads names by its entity recogniser or its rules.

Every text is read alone: what is found in it does not depend on the texts beside it.
"""

import hashlib
from collections.abc import Generator, Sequence
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from xnai_pipelines.errors import SettingsError
from xnai_pipelines.extras import require
from xnai_pipelines.graph.recogniser import Recognised, name_within
from xnai_pipelines.state.artefacts import file_sha256

if TYPE_CHECKING:
    from spacy.language import Language

VERSION = 1  # raised when the same pipeline gives other names
META, CONFIG = "meta.json", "config.cfg"


class SpacyPipeline:
    """An installed package, or a folder that spaCy's `to_disk` wrote."""

    name = "spacy"
    at_once = 256

    def __init__(self, pipeline: str) -> None:
        """Load the pipeline.

        Args:
            pipeline: Name of a package, such as en_core_web_sm, or absolute path of a folder.

        Raises:
            MissingExtraError: spaCy is not installed.
            SettingsError: There is no such package or folder, or it is not a pipeline that names anything.
        """
        self._pipeline = pipeline
        require("spacy", f"XNAI_GRAPH_RECOGNISER={self._setting!r}")
        self._folder = self._found()
        self._nlp = self._loaded()

    @cached_property
    def version(self) -> str:
        """The pipeline's name and version, and a hash of its files and of spaCy's version."""
        paths = (path for path in sorted(self._folder.rglob("*")) if path.is_file() and path.suffix != ".pyc")
        files = (f"{path.relative_to(self._folder).as_posix()} {file_sha256(path)}" for path in paths)
        of = hashlib.sha256("\n".join([str(VERSION), version("spacy"), *files]).encode()).hexdigest()[:12]
        meta = self._nlp.meta
        return "_".join(f"{meta['lang']}_{meta['name']}-{meta['version']}/{of}".split())

    def read(self, texts: Sequence[str]) -> Generator[tuple[int, Recognised | str], None, str]:
        """Yield the names of each text: the entities of the pipeline's documents."""
        for place, text in enumerate(texts):
            found = (name_within(text, e.start_char, e.end_char, e.label_) for e in self._nlp(text).ents)
            yield place, Recognised(tuple(name for names in found for name in names))
        return ""

    @property
    def _setting(self) -> str:
        return f"spacy:{self._pipeline}"

    def _found(self) -> Path:
        """Return the folder of the pipeline's files."""
        if not self._pipeline.isidentifier():
            folder = Path(self._pipeline)
            lacks = [name for name in (META, CONFIG) if not (folder / name).is_file()]
            if lacks:
                raise self._refused(f"it lacks {' and '.join(lacks)}" if folder.is_dir() else "there is no such folder")
            return folder
        module = find_spec(self._pipeline)
        if module is None or module.origin is None:
            raise self._refused("no such package is installed")
        return Path(module.origin).parent

    def _loaded(self) -> "Language":
        from spacy.util import load_model_from_package, load_model_from_path

        try:
            is_package = self._pipeline.isidentifier()
            nlp = load_model_from_package(self._pipeline) if is_package else load_model_from_path(self._folder)
            nlp("a")
        except Exception as error:  # a pipeline may fail with any class of its parts
            raise self._refused(f"spaCy cannot load it ({' '.join(str(error).split())})") from error
        if not any("doc.ents" in nlp.get_pipe_meta(name).assigns for name in nlp.pipe_names):
            has = ", ".join(nlp.pipe_names) or "none"
            raise self._refused(f"no component of it finds entities (it has: {has})")
        return nlp

    def _refused(self, why: str) -> SettingsError:
        return SettingsError(
            f"XNAI_GRAPH_RECOGNISER={self._setting!r}: {why}. After spacy: comes the name of an installed package, "
            f"such as en_core_web_sm, or the path of a folder that `to_disk` wrote, with {META} and {CONFIG}."
        )
