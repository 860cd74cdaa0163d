"""What a home reads, and within which limits, as the settings say it."""

from dataclasses import dataclass
from pathlib import Path

from xnai_pipelines.backups.places import default_address
from xnai_pipelines.documents.changes import VanishGuard
from xnai_pipelines.documents.parsers.parsed import ParseLimits
from xnai_pipelines.documents.plan import FolderRules
from xnai_pipelines.documents.sources.configured import sources_of
from xnai_pipelines.documents.sources.make import mirrors
from xnai_pipelines.documents.sources.specs import Spec
from xnai_pipelines.questions.labelled import check_labelled
from xnai_pipelines.settings.reading import Settings
from xnai_pipelines.state.claim import GENERATED, Inputs, resolve_inputs
from xnai_pipelines.state.layout import Home


@dataclass(frozen=True, slots=True)
class Intake:
    """The documents, questions and sources of a home.

    Attributes:
        home: The home.
        documents: Folder of documents; None: as recorded.
        questions: Labelled questions; None: as recorded.
        sources: List of sources; None: sources.yaml in the folder.
        exclude: Patterns of files to skip, in .gitignore syntax.
        max_file_mb, parse_seconds, parse_memory_mb, unpack_mb: What reading one file may cost.
        ocr_languages: Languages of scanned pages; None: they are counted.
        notebook_outputs: Whether outputs of notebooks are read.
        vanish_share, vanish_count: How many documents may vanish in one run.
    """

    home: Home
    documents: Path | None
    questions: Path | None
    sources: Path | None
    exclude: tuple[str, ...]
    max_file_mb: int
    parse_seconds: int
    parse_memory_mb: int
    unpack_mb: int
    ocr_languages: str | None
    notebook_outputs: bool
    vanish_share: float
    vanish_count: int

    def inputs(self) -> Inputs:
        """Return the folder and questions of this home.

        Raises:
            InputsError: None is known, or another folder than the recorded one is asked for.
        """
        return resolve_inputs(self.home, self.documents, self.questions)

    def check_questions(self) -> None:
        """Read the labelled questions that the settings name, so that a run fails before it works.

        Raises:
            LabelledQuestionsError: They are missing or malformed; the message names the file and the line.
        """
        if self.questions and self.questions != GENERATED:
            check_labelled(self.questions)

    def rules(self) -> FolderRules:
        """Return which files are read and how."""
        limits = ParseLimits(
            max_file_bytes=self.max_file_mb * 2**20,
            seconds=self.parse_seconds,
            memory_bytes=self.parse_memory_mb * 2**20,
            max_unpacked_bytes=self.unpack_mb * 2**20,
            ocr_languages=self.ocr_languages or "",
            notebook_outputs=self.notebook_outputs,
        )
        guard = VanishGuard(self.vanish_share, self.vanish_count)
        apart = (self.home.root.resolve(), Path(default_address(self.home)).resolve())
        return FolderRules(self.exclude, limits, guard, mirrors(self.home, self.specs()), apart)

    def specs(self) -> tuple[Spec, ...]:
        """Return the sources beside the folder; errors are those of `sources_of`."""
        return sources_of(self.home, self.sources, self.documents)


def intake(settings: Settings) -> Intake:
    """Return what the settings say of the documents."""
    return Intake(
        home=Home(settings.home),
        documents=settings.documents,
        questions=settings.questions,
        sources=settings.sources,
        exclude=tuple(settings.exclude),
        max_file_mb=settings.max_file_mb,
        parse_seconds=settings.parse_seconds,
        parse_memory_mb=settings.parse_memory_mb,
        unpack_mb=settings.unpack_mb,
        ocr_languages=settings.ocr_languages,
        notebook_outputs=settings.notebook_outputs,
        vanish_share=settings.vanish_share,
        vanish_count=settings.vanish_count,
    )
