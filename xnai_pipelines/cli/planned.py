"""What a run would do, looked up without doing it: `xnai plan`."""

from collections import Counter
from dataclasses import dataclass

from xnai_pipelines.documents.plan import DocumentsRequest, expected_seconds, plan, why_refused
from xnai_pipelines.settings import Settings
from xnai_pipelines.settings.intake import Intake
from xnai_pipelines.settings.recognisers import recognisers
from xnai_pipelines.state.tables import Tables


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """What a run would do.

    Attributes:
        folder: The documents folder.
        files: Number of files by what the run would do with them.
        skipped: Number of entries that it would skip, by reason. Formats that are not read show when they are opened.
        unlisted: Entries that cannot be inspected, with the reason.
        to_read: Number of files that it would read.
        seconds: Expected time, None if it is not known.
        refusal: Why it would be refused, None if it would not.
    """

    folder: str
    files: dict[str, int]
    skipped: dict[str, int]
    unlisted: dict[str, str]
    to_read: int
    seconds: float | None
    refusal: str | None


def planned_run(settings: Settings, *, verify: bool) -> PlannedRun:
    """Return what a run would do to the documents.

    Raises:
        InputsError: No folder is known, it is missing, or the home belongs to another.
        LabelledQuestionsError: The settings name questions that cannot be read.
        ListingError: The folder cannot be listed.
        SettingsError: The settings name a recogniser that cannot be used.
    """
    given = Intake(settings)
    folder, rules = given.inputs().documents, given.rules()
    given.check_questions()
    recognisers(settings)
    todo = plan(Tables.of(given.home), folder, rules, DocumentsRequest(verify=verify))
    to_read = len(todo.changes.to_read)
    return PlannedRun(
        folder=str(folder),
        files={**todo.changes.counts(), "skipped": len(todo.listing.skipped)},
        skipped=dict(Counter(todo.listing.skipped.values()).most_common()),
        unlisted=todo.listing.unlisted,
        to_read=to_read,
        seconds=expected_seconds(given.home, todo),
        refusal=why_refused(todo, rules.guard, folder),
    )
