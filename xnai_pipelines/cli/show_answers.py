"""What people see of an answer: sentences with numbered citations, or a refusal."""

from collections.abc import Sequence

from xnai_pipelines.answers.answer import Answer, Citation, Sentence, State
from xnai_pipelines.cli.terminal import say


def show_answer(answer: Answer) -> None:
    """Print an answer with numbered citations, or a refusal with the passages that came nearest, below its question."""
    if answer.question:
        say((answer.question, "bold"))
    cited: list[Citation] = []
    for sentence in answer.sentences:
        show_sentence(sentence, cited)
    show_end(answer, cited)


def show_sentence(sentence: Sentence, cited: list[Citation]) -> None:
    """Print a sentence with the numbers of its citations; new ones are added to those before."""
    cited += [citation for citation in dict.fromkeys(sentence.citations) if citation not in cited]
    numbers = "".join(f"[{cited.index(citation) + 1}]" for citation in sentence.citations)
    has_lines = "\n" in sentence.text  # of code, which the terminal must not fold into others
    before, answering, after = emphasised(sentence)
    end = "\n" if has_lines else " "
    say(before, (answering, "bold"), f"{after}{end}", (numbers, "cyan"), fold=not has_lines, lines=True)
    if sentence.state is State.UNSUPPORTED:
        say((f"  Not supported: {sentence.reason or ''}", "yellow"), fold=True)


def emphasised(sentence: Sentence) -> tuple[str, str, str]:
    """Return the text before what answers in a sentence, that itself, and the text after it."""
    cited = next((one for one in sentence.citations if one.span), None)
    if cited is None or cited.span is None:
        return sentence.text, "", ""
    place = -1
    for _ in range(cited.quote[: cited.span.start - cited.start].count(cited.span.text) + 1):
        place = max(place, sentence.text.find(cited.span.text, place + 1))
    if place < 0:
        return sentence.text, "", ""
    end = place + len(cited.span.text)
    return sentence.text[:place], sentence.text[place:end], sentence.text[end:]


def show_end(answer: Answer, cited: Sequence[Citation]) -> None:
    """Print what follows the sentences: a refusal, the places that were cited, and notes."""
    if answer.refusal:
        say(answer.refusal.reason, fold=True)
        cited = answer.refusal.nearest
        if cited:
            say("Nearest passages:")
    for number, citation in enumerate(cited, start=1):
        say("  ", (f"[{number}]", "cyan"), f" {place(citation)}", fold=True)
    for note in answer.notes:
        say((note, "yellow"), fold=True)


def place(citation: Citation) -> str:
    """Return where a citation stands: source, characters, page, headings."""
    page = f", {citation.page}" if citation.page else ""
    headings = f"  {' > '.join(citation.heading_path)}" if citation.heading_path else ""
    return f"{citation.source} [{citation.start}:{citation.end}]{page}{headings}"
