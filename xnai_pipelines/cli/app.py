"""The command itself: its options, how it runs jobs, and how it ends."""

import gc
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer

from xnai_pipelines.settings import settings
from xnai_pipelines.state.layout import Home

app = typer.Typer(
    name="xnai",
    help="Turn a folder of documents into a searchable, measured index, and ask it.\n\n"
    "Settings are environment variables, XNAI_DOCUMENTS and XNAI_HOME first of all; see the README.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_OBJECTS_BEFORE_COLLECTING = 500_000
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def main() -> None:
    """Run the command; an expected error is one sentence on standard error and exit code 1."""
    # Dagster, LanceDB and MLflow make many objects as they are imported, and no garbage: looking for it takes 0.5 s.
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTING)
    with _sentences_for_errors():
        from xnai_pipelines.environment import make_home, prepare

        if not {"--help", "-h"} & set(sys.argv) and len(sys.argv) > 1:
            prepare(settings())
            make_home(settings())
        app(prog_name="xnai")


def execute(
    job: str,
    config: dict[str, dict[str, Any]],
    as_json: bool,
    assets: list[list[str]] | None = None,
    *,
    show: bool = True,
) -> None:
    """Run a job and show what its stages report; end with code 1 where it failed."""
    from xnai_pipelines.cli.queries import run_reports
    from xnai_pipelines.cli.rendering import show_run, show_run_reports
    from xnai_pipelines.cli.runs import execute

    home = Home(settings().home)
    finished = execute(job, config, home, assets)
    reports = run_reports(home, job)
    if as_json:
        print_json({**asdict(finished), "reports": reports})
    elif show and not finished.failure:
        show_run_reports(reports, settings())
    show_run(finished)
    if finished.failure:
        raise typer.Exit(1)


def print_json(value: Any) -> None:
    """Print a value for scripts."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


@contextmanager
def _sentences_for_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith("xnai_pipelines"):
            raise
        print(f"xnai: {error}", file=sys.stderr)
        sys.exit(1)
