"""Commands on the sample: write it, and run everything on it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from xnai_pipelines.cli.app import AsJson, app, execute, print_json
from xnai_pipelines.cli.models import models_to_make
from xnai_pipelines.home import Home
from xnai_pipelines.settings import settings

EXAMPLES = (
    "How do I split a path into folder and file name?",
    "Run another command and capture what it prints",
    "Find the differences between two texts",
)
# Few enough for a first look: the reference, the default, and two that are much smaller.
DEMO_VARIANTS = ("fp32", "int8_dynamic", "int4_gptq", "rate_12x")
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
    from xnai_pipelines.terminal import console

    console.print(f"{report.written} documents written, {report.unchanged} unchanged: {documents}")
    console.print(f"Questions: {questions}")


@app.command()
def demo() -> None:
    """Write the sample, run everything on it, and show what came out."""
    _write_sample()
    execute("refresh", {}, as_json=False)
    execute("quantize", {}, as_json=False, assets=models_to_make(DEMO_VARIANTS))
    from xnai_pipelines.search import SearchIndex
    from xnai_pipelines.terminal import console, show_hits

    index = SearchIndex.open(settings().home, threads=settings().threads)
    for question in EXAMPLES:
        show_hits(question, index.search(question, 1))
    console.print("\n[bold]Next[/bold]")
    for command, purpose in NEXT:
        console.print(f"  {purpose}\n    {command}", soft_wrap=True, highlight=False)


def _write_sample() -> tuple[Path, Path, Any]:
    from xnai_pipelines.sample import questions_path, write_sample

    home = Home(settings().home)
    report = write_sample(home.sample / "documents")
    questions = home.sample / "questions.jsonl"
    questions.write_bytes(questions_path().read_bytes())
    return home.sample / "documents", questions, report
