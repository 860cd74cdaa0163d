"""Commands on the sample: write it, and run everything on it."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.markup import escape

from xnai_pipelines.cli.app import AsJson, app, execute, print_json
from xnai_pipelines.cli.models import models_to_make
from xnai_pipelines.settings import settings
from xnai_pipelines.state.layout import Home

EXAMPLES = (
    "How do I split a path into folder and file name?",
    "Run another command and capture what it prints",
    "Find the differences between two texts",
)
# Few enough for a first look: the reference, the default, and two that are much smaller.
DEMO_VARIANTS = ("fp32", "int8_dynamic", "int4_gptq", "rate_12x")
# Long enough to see a loss fall, short enough for a first look; the gate decides on what comes out.
DEMO_TRAINING = {"max_minutes": 2}
NEXT = (
    ("make ui", "See the assets, their checks and plots in the Dagster UI, and MLflow beside it:"),
    ('.venv/bin/xnai search "your question"', "Ask the sample yourself:"),
    (".venv/bin/xnai quantize", "Make and measure all variants of the encoder:"),
    (
        "XNAI_HOME=~/.xnai-docs XNAI_DOCUMENTS=~/docs .venv/bin/xnai run",
        "Take your own documents, in a home of their own:",
    ),
)


@app.command()
def sample(as_json: AsJson = False) -> None:
    """Write the sample: the documentation of Python's standard library, and labelled questions about it."""
    documents, questions, report = _write_sample()
    if as_json:
        print_json({"documents": str(documents), "questions": str(questions), **asdict(report)})
        return
    from xnai_pipelines.cli.rendering import console

    console.print(f"{report.written} documents written, {report.unchanged} unchanged: {documents}")
    console.print(f"Questions: {questions}")


@app.command()
def demo() -> None:
    """Write the sample, run everything on it, and show what came out."""
    _write_sample()
    execute("refresh", {}, as_json=False)
    execute("quantize", {}, as_json=False, assets=models_to_make(DEMO_VARIANTS))
    execute("retrain", {"lora_adapter": DEMO_TRAINING}, as_json=False)
    from xnai_pipelines.cli.rendering import console, show_hits
    from xnai_pipelines.search.index import SearchIndex

    index = SearchIndex.open(settings().home, threads=settings().threads)
    for question in EXAMPLES:
        show_hits(question, index.search(question, 1))
    console.print("\n[bold]Next[/bold]")
    for command, purpose in NEXT:
        console.print(f"  {purpose}\n    {command}", soft_wrap=True, highlight=False)


def _write_sample() -> tuple[Path, Path, Any]:
    from xnai_pipelines.sample.documents import write_sample
    from xnai_pipelines.sample.questions import questions_path

    home = Home(settings().home)
    report = write_sample(home.sample / "documents")
    questions = home.sample / "questions.jsonl"
    questions.write_bytes(questions_path().read_bytes())
    return home.sample / "documents", questions, report


@app.command()
def demo_retrain() -> None:
    """Play the whole loop in an empty home: another kind of documents arrives, accuracy falls, the sensor mends it."""
    from xnai_pipelines.cli.rendering import console, table
    from xnai_pipelines.cli.story import tell

    started = time.monotonic()

    def say(sentence: str) -> None:
        console.print(f"[bold]{time.monotonic() - started:5.0f} s[/bold]  {escape(sentence)}", highlight=False)

    told = tell(settings(), say)
    names = sorted({name for _, figures in told.evaluations for name in figures})
    rows = [
        [when, *(f"{figures[name]:.3f}" if name in figures else "" for name in names)]
        for when, figures in told.evaluations
    ]
    table("nDCG@10 on test questions, by language and mode", ["evaluated", *names], rows, names)
    say(f"The plot: {told.plot}")
    console.print(f"Look at it in the UI: XNAI_HOME={settings().home} make ui", soft_wrap=True, highlight=False)
