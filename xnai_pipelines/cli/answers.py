"""Commands that answer a question from the current release, give the answer again, and check a signed one."""

import atexit
import gc
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xnai_pipelines.cli.app import AsJson, app, print_json, settings

if TYPE_CHECKING:
    from xnai_pipelines.answers.answer import Citation
    from xnai_pipelines.answers.ask import Answerer
    from xnai_pipelines.answers.language_model.answerer import LanguageModelAnswerer
    from xnai_pipelines.answers.language_model.rewriter import LanguageModelRewriter
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
    from xnai_pipelines.cli.show_answers import show_answer
    from xnai_pipelines.cli.terminal import say, table
    from xnai_pipelines.state.layout import Home

    home = xnai_pipelines.open(settings().home, threads=settings().threads)
    for question in DEMO_QUESTIONS:
        show_answer(home.ask(question))
        say("")
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
    after: Annotated[
        str | None, typer.Option(metavar="ID", help="Id of the answer that this question follows up.")
    ] = None,
    streamed: Annotated[bool, typer.Option("--stream", help="Print each sentence once it is verified.")] = False,
    sign: Annotated[bool, typer.Option("--sign", help="Sign the answer for `xnai verify`; prints JSON.")] = False,
    as_json: AsJson = False,
) -> None:
    """Answer a question from the documents, or refuse.

    The answer quotes, unless XNAI_LLM_URL names a language model's server. Operators work as in `xnai search`.
    """
    from xnai_pipelines.errors import OptionError

    if streamed and (as_json or sign):
        raise OptionError("--stream prints sentences as they come: it goes with neither --json nor --sign.")
    atexit.register(gc.freeze)  # as in a search
    import xnai_pipelines
    from xnai_pipelines.answers.conversation import Turn
    from xnai_pipelines.answers.replay import keep, kept_answer
    from xnai_pipelines.answers.signature import signed, signing_key
    from xnai_pipelines.answers.streamed import Streamed
    from xnai_pipelines.cli.pipeline import require_release_encoder
    from xnai_pipelines.cli.show_answers import show_answer, show_end, show_sentence
    from xnai_pipelines.search.query import Filters
    from xnai_pipelines.state.layout import Home

    require_release_encoder(settings())
    home = Home(settings().home)
    history = [Turn(kept_answer(after, home).asked)] if after else []
    writing = _Model.of(model)
    sentences = Streamed(
        xnai_pipelines.open(home.root, threads=settings().threads).stream(
            question,
            filters=Filters(source, media_type, language),
            answerer=writing.answerer if writing else None,
            history=history,
            rewriter=writing.rewriter if writing else None,
        )
    )
    cited: list[Citation] = []
    for sentence in sentences:
        if streamed:
            show_sentence(sentence, cited)
    answer = sentences.result
    if sign:
        answer = signed(answer, signing_key(home))
    keep(answer, home)
    if as_json or sign:
        print_json(asdict(answer))
    elif streamed:
        show_end(answer, cited)
    else:
        show_answer(answer)


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(metavar="ANSWER.json", help="What `xnai ask --sign` printed.")],
    key: Annotated[str | None, typer.Option(help="Public key that you trust; else that of XNAI_HOME.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a signed answer: authentic, altered, or with quotes that the corpus has no longer.

    The exit code is 1 unless it is authentic.
    """
    from xnai_pipelines.answers.signature import Verdict, verify_answer
    from xnai_pipelines.cli.show_answers import place
    from xnai_pipelines.cli.terminal import say
    from xnai_pipelines.state.layout import Home

    found = verify_answer(path, Home(settings().home), key)
    if as_json:
        print_json(asdict(found))
    else:
        say(f"{found.verdict}: key {found.public_key}, {found.signed_at or 'no time'}")
        for citation in found.gone:
            say(f"  no longer in the corpus: {place(citation)}")
    if found.verdict is not Verdict.AUTHENTIC:
        raise typer.Exit(1)


@app.command()
def replay(
    answer_id: Annotated[str, typer.Argument(metavar="ID", help="`answer_id` of the answer.")],
) -> None:
    """Give an earlier answer of `xnai ask` again, the same bytes of JSON, while its release is kept."""
    from xnai_pipelines.answers.replay import replay as again
    from xnai_pipelines.cli.pipeline import require_release_encoder
    from xnai_pipelines.state.layout import Home

    require_release_encoder(settings())
    answer = again(answer_id, Home(settings().home), _answerer_of, threads=settings().threads or 1)
    print_json(asdict(answer))


@dataclass(frozen=True, slots=True)
class _Model:
    """The language model that writes, and how it completes follow-ups."""

    answerer: "LanguageModelAnswerer"
    rewriter: "LanguageModelRewriter"

    @classmethod
    def of(cls, model: str | None) -> "_Model | None":
        """Return the model to ask, None if answers quote.

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
        from xnai_pipelines.answers.language_model.rewriter import LanguageModelRewriter

        server = chat_server(current.llm_url, model)
        return cls(LanguageModelAnswerer(server, current.llm_keep_unsupported), LanguageModelRewriter(server))


def _answerer_of(model: str) -> "Answerer":
    from xnai_pipelines.errors import OptionError

    if found := _Model.of(model):
        return found.answerer
    raise OptionError(f"The answer was written by the language model {model}. Set XNAI_LLM_URL.")


def chat_server(url: str, model: str | None = None) -> "ChatServer":
    """Return the language model's server at an address, asked as the settings say."""
    from xnai_pipelines.answers.language_model.server import ChatServer

    current = settings()
    return ChatServer(url, model or current.llm_model, current.llm_api_key, current.llm_seconds)
