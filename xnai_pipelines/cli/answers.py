"""Commands that answer a question from the current release, give the answer again, and check a signed one."""

import atexit
import gc
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xnai_pipelines.cli.app import AsJson, app, print_json, settings

if TYPE_CHECKING:
    from xnai_pipelines.answers.answer import Citation
    from xnai_pipelines.answers.ask import Answerer

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
WRITTEN = 3  # of them by a small language model too, if it is installed: each takes seconds


@app.command()
def demo_answers() -> None:
    """Answer ten questions from the sample that `xnai demo` indexed, and print the evaluation of its answers."""
    import xnai_pipelines
    from xnai_pipelines.answers.language_model.answerer import LanguageModelAnswerer
    from xnai_pipelines.answers.make import last_answers
    from xnai_pipelines.cli.show_answers import show_answer
    from xnai_pipelines.cli.terminal import say, table
    from xnai_pipelines.extras import missing
    from xnai_pipelines.language_model.local import local_model, packaged_model
    from xnai_pipelines.state.layout import Home

    home = xnai_pipelines.open(settings().home, threads=settings().threads)
    small = None if missing("llm") else packaged_model()
    for number, question in enumerate(DEMO_QUESTIONS):
        show_answer(home.ask(question))
        if small and number < WRITTEN:
            model = local_model(small, threads=settings().threads, seconds=settings().llm_seconds)
            say((f"The same by {model.model}:", "bold"))
            show_answer(replace(home.ask(question, answerer=LanguageModelAnswerer(model)), question=""))
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
        str | None, typer.Option(help="Model of XNAI_LLM_URL, or a .gguf file, that writes the answer; none: quote.")
    ] = None,
    after: Annotated[
        str | None, typer.Option(metavar="ID", help="Id of the answer that this question follows up.")
    ] = None,
    streamed: Annotated[bool, typer.Option("--stream", help="Print each sentence once it is verified.")] = False,
    sign: Annotated[bool, typer.Option("--sign", help="Sign the answer for `xnai verify`; prints JSON.")] = False,
    as_json: AsJson = False,
) -> None:
    """Answer a question from the documents, or refuse.

    The answer quotes, unless XNAI_LLM_URL or XNAI_LLM_MODEL names a language model. Operators work as in `xnai search`.
    """
    from xnai_pipelines.errors import OptionError

    if streamed and (as_json or sign):
        raise OptionError("--stream prints sentences as they come, so it cannot be used with --json or --sign.")
    atexit.register(gc.freeze)  # as in a search
    import xnai_pipelines
    from xnai_pipelines.answers.conversation import Turn
    from xnai_pipelines.answers.language_model.answerer import LanguageModelAnswerer
    from xnai_pipelines.answers.language_model.rewriter import LanguageModelRewriter
    from xnai_pipelines.answers.replay import keep, kept_answer
    from xnai_pipelines.answers.signature import signed, signing_key
    from xnai_pipelines.answers.streamed import Streamed
    from xnai_pipelines.cli.pipeline import require_release_encoder
    from xnai_pipelines.cli.show_answers import show_answer, show_end, show_sentence
    from xnai_pipelines.cli.terminal import say
    from xnai_pipelines.search.query import Filters
    from xnai_pipelines.settings.language_model import language_model
    from xnai_pipelines.state.layout import Home

    require_release_encoder(settings())
    home = Home(settings().home)
    history = [Turn(kept_answer(after, home).asked)] if after else []
    named = language_model(settings(), model)
    server = named.load() if named else None
    if server is not None:  # its time limit is that of the whole answer, a follow-up's rewriting included
        server = replace(server, ends=time.monotonic() + server.seconds)
    sentences = Streamed(
        xnai_pipelines.open(home.root, threads=settings().threads).stream(
            question,
            filters=Filters(source, media_type, language),
            answerer=LanguageModelAnswerer(server, settings().llm_keep_unsupported) if server else None,
            history=history,
            rewriter=LanguageModelRewriter(server) if server else None,
        )
    )
    cited: list[Citation] = []
    for sentence in sentences:
        if streamed:
            show_sentence(sentence, cited)
    answer = sentences.result
    if sign:
        answer = signed(answer, signing_key(home))
    if as_json or sign:
        print_json(asdict(answer))
    elif streamed:
        show_end(answer, cited)
    else:
        show_answer(answer)
    try:
        keep(answer, home)
    except OSError as error:  # a folder of another user, a full disk: the answer stands
        say(f"This answer was not kept ({error}): it cannot be replayed or followed up.", error=True)


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(metavar="ANSWER.json", help="What `xnai ask --sign` printed.")],
    key: Annotated[str | None, typer.Option(help="Public key that you trust. Default: that of XNAI_HOME.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a signed answer: authentic, altered, or with quotes that are no longer in the corpus.

    The exit code is 1 unless it is authentic.
    """
    from xnai_pipelines.answers.signature import Authenticity, verify_answer
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
    if found.verdict is not Authenticity.AUTHENTIC:
        raise typer.Exit(1)


@app.command()
def replay(
    answer_id: Annotated[str, typer.Argument(metavar="ID", help="`answer_id` of the answer.")],
) -> None:
    """Reproduce an earlier answer of `xnai ask`, the same bytes of JSON, while its release is kept."""
    from xnai_pipelines.answers.replay import replay as again
    from xnai_pipelines.cli.pipeline import require_release_encoder
    from xnai_pipelines.state.layout import Home

    require_release_encoder(settings())
    answer = again(answer_id, Home(settings().home), _answerer_of, threads=settings().threads or 1)
    print_json(asdict(answer))


def _answerer_of(model: str) -> "Answerer":
    """Return what writes with the language model that an answer names: one of a server, or the configured file."""
    from xnai_pipelines.answers.language_model.answerer import LanguageModelAnswerer
    from xnai_pipelines.errors import OptionError
    from xnai_pipelines.settings.language_model import language_model

    configured = settings().llm_model
    found = language_model(settings(), configured if Path(configured).name == model else model)
    if found is None:
        raise OptionError(f"The answer was written by the language model {model}. Set XNAI_LLM_URL.")
    return LanguageModelAnswerer(found.load(), settings().llm_keep_unsupported)
