"""The command that answers a question from the current release."""

import atexit
import gc
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from xnai_pipelines.cli.app import AsJson, app, print_json, settings

if TYPE_CHECKING:
    from xnai_pipelines.answers.answer import Answer, Citation
    from xnai_pipelines.answers.ask import Answerer
    from xnai_pipelines.answers.language_model.server import ChatServer


QUOTE = "none"  # the model that answers without one
# The last three are not in Python's documentation.
DEMO_QUESTIONS = (
    "How do I copy a folder?",
    "Which function joins parts of a path?",
    "What happens to a queue's get when the queue is empty?",
    "How many digits does a Decimal have by default?",
    "List the ways to compare two floating point numbers",
    "How do I read a CSV file into dictionaries?",
    "What is the difference between shallow and deep copy?",
    "How do I deploy to Kubernetes?",
    "Who won the football world cup in 2014?",
    "What does a loaf of bread cost?",
)


@app.command()
def demo_answers() -> None:
    """Answer ten questions from the sample that `xnai demo` indexed, and print the evaluation of its answers."""
    import xnai_pipelines
    from xnai_pipelines.answers.make import last_answers
    from xnai_pipelines.cli.rendering import console, table
    from xnai_pipelines.state.layout import Home

    home = xnai_pipelines.open(settings().home, threads=settings().threads)
    for question in DEMO_QUESTIONS:
        show_answer(home.ask(question))
        console.print()
    kept = last_answers(Home(settings().home))
    if kept:
        rows = [
            [name.replace("_", " "), f"{found.mean:.3f}", f"{found.low:.3f} to {found.high:.3f}"]
            for name, found in kept.report.figures.items()
        ]
        title = f"Answers to {kept.report.questions} test questions, p50 {kept.report.p50_ms:.0f} ms"
        table(title, ["figure", "value", "95 % CI"], rows, ["value", "95 % CI"])


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question.")],
    source: Annotated[str | None, typer.Option(help="Only sources with this prefix.")] = None,
    media_type: Annotated[str | None, typer.Option(help="Only this media type, such as text/markdown.")] = None,
    language: Annotated[str | None, typer.Option(help="Only this language, such as en.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Model of the server XNAI_LLM_URL that writes the answer; none: quote.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question from the documents, or refuse.

    The answer quotes, unless XNAI_LLM_URL names a language model's server. Operators work as in `xnai search`.
    """
    atexit.register(gc.freeze)  # as in a search
    import xnai_pipelines
    from xnai_pipelines.cli.pipeline import require_release_encoder
    from xnai_pipelines.search.query import Filters

    require_release_encoder(settings())
    home = xnai_pipelines.open(settings().home, threads=settings().threads)
    filters = Filters(source, media_type, language)
    answer = home.ask(question, filters=filters, answerer=_answerer(model))
    if as_json:
        print_json(asdict(answer))
    else:
        show_answer(answer)


def _answerer(model: str | None) -> "Answerer | None":
    """Return what writes answers, None if they quote.

    Raises:
        OptionError: A model is named and no server.
    """
    from xnai_pipelines.errors import OptionError

    current = settings()
    if current.llm_url is None:
        if model not in (None, QUOTE):
            raise OptionError(f"--model {model} needs the server that has it. Set XNAI_LLM_URL.")
        return None
    if model == QUOTE:
        return None
    from xnai_pipelines.answers.language_model.answerer import LanguageModelAnswerer

    return LanguageModelAnswerer(chat_server(current.llm_url, model), current.llm_keep_unsupported)


def chat_server(url: str, model: str | None = None) -> "ChatServer":
    """Return the language model's server at an address, asked as the settings say."""
    from xnai_pipelines.answers.language_model.server import ChatServer

    current = settings()
    return ChatServer(url, model or current.llm_model, current.llm_api_key, current.llm_seconds)


def show_answer(answer: "Answer") -> None:
    """Print an answer with numbered citations, or a refusal with the passages that came nearest."""
    from xnai_pipelines.answers.answer import State
    from xnai_pipelines.cli.rendering import console

    console.print(f"[bold]{escape(answer.question)}[/bold]")
    if answer.refusal:
        console.print(escape(answer.refusal.reason), highlight=False)
        cited = list(answer.refusal.nearest)
        if cited:
            console.print("Nearest passages:", highlight=False)
    else:
        cited = list(dict.fromkeys(citation for sentence in answer.sentences for citation in sentence.citations))
        for sentence in answer.sentences:
            numbers = "".join(f"[{cited.index(citation) + 1}]" for citation in sentence.citations)
            console.print(f"{escape(sentence.text)} [cyan]{escape(numbers)}[/cyan]", highlight=False)
            if sentence.state is State.UNSUPPORTED:
                console.print(f"  [yellow]Not supported: {escape(sentence.reason or '')}[/yellow]", highlight=False)
    for number, citation in enumerate(cited, start=1):
        console.print(f"  [cyan]{escape(f'[{number}]')}[/cyan] {escape(_place(citation))}", highlight=False)
    for note in answer.notes:
        console.print(f"[yellow]{escape(note)}[/yellow]", highlight=False)


def _place(citation: "Citation") -> str:
    page = f", {citation.page}" if citation.page else ""
    headings = f"  {' > '.join(citation.heading_path)}" if citation.heading_path else ""
    return f"{citation.source} [{citation.start}:{citation.end}]{page}{headings}"
