"""The folder of documents and the labelled questions, and the rules of reading them."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from xnai_pipelines.documents.changes import VanishGuard
from xnai_pipelines.documents.make import FolderRules
from xnai_pipelines.documents.parsers.source import ParseLimits
from xnai_pipelines.state.claim import Inputs, resolve_inputs
from xnai_pipelines.state.layout import Home


class SourceResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What a home reads, and within which limits."""

    home: str = Field(description="Folder of all state; it remembers its folder of documents.")
    documents: str | None = Field(default=None, description="Folder of documents; unset: as recorded.")
    questions: str | None = Field(default=None, description="Labelled questions; unset: as recorded.")
    exclude: list[str] = Field(description="Patterns of files to leave out, .gitignore syntax.")
    max_file_mb: int = Field(description="Files above this size are skipped.")
    parse_seconds: int = Field(description="Time that reading one PDF or Office file may take.")
    parse_memory_mb: int = Field(description="Memory that the reading process may take.")
    vanish_share: float = Field(description="Share of documents that may vanish in one run.")
    vanish_count: int = Field(description="Number of documents that may always vanish in one run.")

    def inputs(self) -> Inputs:
        """Return the folder and questions of this home.

        Raises:
            HomeError: None is known, or another folder than the recorded one is asked for.
        """
        documents = Path(self.documents) if self.documents else None
        questions = Path(self.questions) if self.questions else None
        return resolve_inputs(Home(Path(self.home)), documents, questions)

    def rules(self) -> FolderRules:
        """Return which files are read and how."""
        limits = ParseLimits(
            max_file_bytes=self.max_file_mb * 2**20,
            seconds=self.parse_seconds,
            memory_bytes=self.parse_memory_mb * 2**20,
        )
        return FolderRules(tuple(self.exclude), limits, VanishGuard(self.vanish_share, self.vanish_count))
