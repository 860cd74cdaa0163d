"""Commands on the sample: write it, index it, quantize its encoder, demonstrate a retraining."""

import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from shutil import which
from typing import Any

from xnai_pipelines.cli.app import AsJson, app, execute, print_json, require_encoder, settings
from xnai_pipelines.cli.models import models_to_make
from xnai_pipelines.extras import require
from xnai_pipelines.state.layout import Home
from xnai_pipelines.wording import counted

EXAMPLES = (
    "How do I split a path into folder and file name?",
    "Run another command and capture what it prints",
    "Find the differences between two texts",
)
# Few enough for a first look: the reference, the default, and two that are much smaller.
DEMO_VARIANTS = ("fp32", "int8_dynamic", "int4_gptq", "rate_12x")


@app.command()
def sample(as_json: AsJson = False) -> None:
    """Write the sample: the documentation of Python's standard library, and labelled questions about it."""
    documents, questions, report = _write_sample()
    if as_json:
        print_json({"documents": str(documents), "questions": str(questions), **asdict(report)})
        return
    from xnai_pipelines.cli.terminal import say

    say(f"{counted(report.written, 'document')} written, {report.unchanged} unchanged: {documents}")
    say(f"Questions: {questions}")


@app.command()
def demo() -> None:
    """Index and evaluate the sample, and print example searches."""
    require_encoder()
    _write_sample()
    execute("refresh", {}, as_json=False)
    from xnai_pipelines.cli.show_search import show_hits
    from xnai_pipelines.cli.terminal import say
    from xnai_pipelines.search.index import SearchIndex

    index = SearchIndex.open(settings().home, threads=settings().threads)
    for question in EXAMPLES:
        show_hits(question, index.search(question, 1))
    say()
    say(("Next", "bold"))
    for purpose, command in _next_steps():
        say(f"  {purpose}")
        say(f"    {command}")


@app.command()
def demo_models() -> None:
    """Quantize the encoder of the sample to a few sizes, and compare them by accuracy, speed and memory."""
    require("quantize", "This demo")
    require_encoder()
    _write_sample()
    execute("refresh", {}, as_json=False, show=False)
    execute("quantize", {}, as_json=False, assets=models_to_make(DEMO_VARIANTS))


def _next_steps() -> list[tuple[str, str]]:
    """Return what to do after the demo, with the commands as this one was called: by make, or by its own name."""
    xnai = "xnai" if which("xnai") == which(sys.argv[0]) else sys.argv[0]
    by_make = "MAKELEVEL" in os.environ
    retrain = "make demo-retrain" if by_make else f"XNAI_HOME=.xnai-retrain {xnai} demo-retrain"
    return [
        ("Search the sample:", f'{xnai} search "your question"'),
        ("See the assets, their checks and plots in the Dagster UI:", "make ui" if by_make else f"{xnai} ui"),
        ("Quantize the encoder and compare the variants:", "make demo-models" if by_make else f"{xnai} demo-models"),
        ("Watch accuracy fall and the loop repair it:", retrain),
        (
            "Index your own documents; each home is bound to one folder:",
            f"XNAI_HOME=~/.xnai-docs XNAI_DOCUMENTS=~/docs {xnai} run",
        ),
    ]


def _write_sample() -> tuple[Path, Path, Any]:
    from xnai_pipelines.sample.documents import questions_path, write_sample

    home = Home(settings().home)
    report = write_sample(home.sample / "documents")
    questions = home.sample / "questions.jsonl"
    questions.write_bytes(questions_path().read_bytes())
    return home.sample / "documents", questions, report


@app.command()
def demo_retrain() -> None:
    """Demonstrate the retraining loop in an empty home: new documents arrive, accuracy drops, the sensor retrains."""
    require("train", "This demo")
    require_encoder()
    from xnai_pipelines.cli.story import tell
    from xnai_pipelines.cli.terminal import say, table

    started = time.monotonic()

    def tell_when(sentence: str) -> None:
        say((f"{time.monotonic() - started:5.0f} s", "bold"), f"  {sentence}", fold=True)

    told = tell(settings(), tell_when)
    names = sorted({name for _, figures in told.evaluations for name in figures})
    rows = [
        [when, *(f"{figures[name]:.3f}" if name in figures else "" for name in names)]
        for when, figures in told.evaluations
    ]
    table("nDCG@10 on test questions, by language and mode", ["evaluated", *names], rows, names)
    say(f"The plot: {told.plot}")
    ui = "make ui" if "MAKELEVEL" in os.environ else "xnai ui"
    say(f"Open it in the UI: XNAI_HOME={settings().home} {ui}")
