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
    """The documents, questions and sources that the settings name.

    Attributes:
        settings: The settings, of the process or of a run.
    """

    settings: Settings

    @property
    def home(self) -> Home:
        """The home that reads them."""
        return Home(self.settings.home)

    def inputs(self) -> Inputs:
        """Return the folder and questions of this home.

        Raises:
            InputsError: None is known, or another folder than the recorded one is asked for.
        """
        return resolve_inputs(self.home, self.settings.documents, self.settings.questions)

    def check_questions(self) -> None:
        """Read the labelled questions that the settings name, so that a run fails before it works.

        Raises:
            LabelledQuestionsError: They are missing or malformed; the message names the file and the line.
        """
        questions = self.settings.questions
        if questions and questions != GENERATED:
            check_labelled(questions)

    def rules(self) -> FolderRules:
        """Return which files are read and how."""
        given = self.settings
        limits = ParseLimits(
            max_file_bytes=given.max_file_mb * 2**20,
            seconds=given.parse_seconds,
            memory_bytes=given.parse_memory_mb * 2**20,
            max_unpacked_bytes=given.unpack_mb * 2**20,
            ocr_languages=given.ocr_languages or "",
            notebook_outputs=given.notebook_outputs,
        )
        guard = VanishGuard(given.vanish_share, given.vanish_count)
        apart = (given.home.resolve(), Path(default_address(self.home)).resolve())
        return FolderRules(given.exclude, limits, guard, mirrors(self.home, self.specs()), apart)

    def specs(self) -> tuple[Spec, ...]:
        """Return the sources beside the folder; errors are those of `sources_of`."""
        return sources_of(self.home, self.settings.sources, self.settings.documents)
