"""What a run deleted, refused, cut off or left out, in sentences. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from xnai_pipelines.documents.listing import OWN_FILES
from xnai_pipelines.wording import counted


def left_out(reports: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each thing that the stages of a run did not carry into the index."""
    found: list[str] = []
    if "documents" in reports:
        found += _of_documents(reports["documents"])
    if "embeddings" in reports and (cut := reports["embeddings"]["truncated"]):
        found.append(
            f"{counted(cut, 'passage')} cut off at the encoder's limit: vectors do not know their ends, keyword search "
            "does."
        )
    if "mentions" in reports:
        for language, number in (reports["mentions"].get("code_as_text") or {}).items():
            found.append(f"{counted(number, 'code passage')} in {language} read as text: install the extra `code`.")
        for one in reports["mentions"].get("recognisers") or ():
            if number := one["waiting"]:
                waits = "waits" if number == 1 else "wait"
                found.append(f"{counted(number, 'passage')} {waits} for {one['extractor']}: {one['why']}.")
    if "questions" in reports:
        found += _of_questions(reports["questions"])
    return found


def _of_documents(report: Mapping[str, Any]) -> Iterator[str]:
    if report["deleted_examples"]:
        number = report["deleted"]
        yield f"Deleted: {counted(number, 'document')}: {_some(report['deleted_examples'], number, ', ')}."
    if report["refused"]:
        number = report["refused"]
        yield f"Quarantined: {number:,}. {_some(report['refused_examples'], number, ' ')}"
    yield from entries_left_out(report["skipped"], report["unlisted"])
    if report["incomplete"]:
        parts = ", ".join(f"{part} {number:,}" for part, number in report["left_out"].items())
        yield f"Left out of the text of {counted(report['incomplete'], 'document')}: {parts}."


def entries_left_out(skipped: Mapping[str, int], unlisted: Mapping[str, str]) -> Iterator[str]:
    """Yield sentences on the entries of a folder that are skipped, by reason, and on those that cannot be inspected."""
    own = OWN_FILES.values()
    if counts := [f"{number:,} ({reason})" for reason, number in skipped.items() if reason not in own]:
        yield f"Skipped: {', '.join(counts)}."
    for entry, reason in unlisted.items():
        yield f"Not read: {entry}: {reason}."


def _of_questions(report: Mapping[str, Any]) -> Iterator[str]:
    lost = report["without_answer"]
    if lost:
        labelled = report["by_origin"].get("labelled", 0) + lost
        yield (
            f"{lost:,} of {counted(labelled, 'labelled question')} left out of the evaluation: no stored document "
            "answers them."
        )
    if report["unresolved_rows"]:
        number = report["unresolved_rows"]
        examples = _some(report["unresolved_examples"], number, "; ")
        yield f"{counted(number, 'label')} of no stored document or question: {examples}."


def _some(examples: list[str], number: int, between: str) -> str:
    """Return the examples, and how many there are beside them."""
    more = number - len(examples)
    return between.join(examples) + (f"{between}and {more:,} more" if more > 0 else "")
