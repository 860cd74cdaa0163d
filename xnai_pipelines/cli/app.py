"""The command itself: its options, how it runs jobs, and how it ends.

Modules of commands import nothing heavy at the top: `xnai --help` imports all of them, and a command waits only for
what it uses.
"""

import gc
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from xnai_pipelines.cli.streams import keep_streams
from xnai_pipelines.errors import UnavailableError, XnaiError
from xnai_pipelines.interrupts import hangups_as_interrupts, interrupts_repeated
from xnai_pipelines.state.full_disk import is_of_full_disk
from xnai_pipelines.state.full_memory import is_of_full_memory
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.rights import forbidden
from xnai_pipelines.wording import on_one_line, visible

if TYPE_CHECKING:
    from xnai_pipelines.settings import Settings

# Commands for a home that is lost, damaged or of another version: none is made, and none is changed, before they run.
WITHOUT_A_HOME = ("backups", "doctor", "migrate", "restore")
# Commands that begin a home. Any other finds what is there, and makes nothing where nothing is: a mistyped XNAI_HOME.
BEGINNING = {
    *("crawl", "demo", "demo-models", "demo-retrain", "run", "sample", "serve", "take-over", "token create", "ui"),
}
BEGINNING_JOBS = ("ingest", "refresh")
DAILY = ("run", "search", "ask", "evaluate", "status", "plan")


class _Commands(TyperGroup):
    """The commands, the daily ones first."""

    def list_commands(self, ctx: Any) -> list[str]:
        names = super().list_commands(ctx)
        return [*(name for name in DAILY if name in names), *(name for name in names if name not in DAILY)]


app = typer.Typer(
    name="xnai",
    cls=_Commands,
    help="Turn a folder of documents into a searchable, measured index, and ask it.\n\n"
    "Settings are environment variables, above all XNAI_DOCUMENTS and XNAI_HOME;\n"
    "docs/settings.md lists them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_OBJECTS_BEFORE_COLLECTING = 500_000
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"xnai {version('xnai-pipelines')}")
        raise typer.Exit


@app.callback()
def _options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None: ...


def main() -> None:
    """Run the command; an expected error is one sentence on standard error and the exit code of its class."""
    # Dagster, LanceDB and MLflow make many objects as they are imported, and no garbage: looking for it takes 0.5 s.
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTING)
    keep_streams()
    groups = [group.typer_instance for group in app.registered_groups if group.typer_instance]
    for registered in [command for one in (app, *groups) for command in one.registered_commands]:
        registered.cls = _Command
    with hangups_as_interrupts(), interrupts_repeated(), _sentences_for_errors():
        try:
            app(prog_name="xnai")
        finally:
            sys.stdout.flush()  # not left to the interpreter, which tells a failure in its own words


class _Command(TyperCommand):
    """A command that finds settings validated, the environment prepared and the home open; its help needs none."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return self._prepared(ctx)
        except KeyboardInterrupt:  # a run says more itself
            complain("Interrupted. Nothing is left half-done.")
            raise typer.Exit(128 + signal.SIGINT) from None

    def _prepared(self, ctx: Any) -> Any:
        from xnai_pipelines.environment import home_for, is_begun, prepare
        from xnai_pipelines.settings import unknown_variables

        if ctx.info_name == "doctor":  # which tells what is wrong with the settings
            return super().invoke(ctx)
        for sentence in unknown_variables(os.environ):  # also if a setting is refused: all is corrected at one time
            complain(sentence)
        current = settings()
        prepare(current)
        name = ctx.command_path.removeprefix("xnai ")
        if name not in WITHOUT_A_HOME and (name in BEGINNING or is_begun(Home(current.home))):
            with home_for(current):
                return super().invoke(ctx)
        return super().invoke(ctx)


def settings() -> "Settings":
    """Return the validated settings of this process.

    Raises:
        SettingsError: A variable's value is not allowed; the message names it.
    """
    from xnai_pipelines.settings import settings

    return settings()


def execute(
    job: str,
    config: dict[str, dict[str, Any]],
    as_json: bool,
    assets: list[list[str]] | None = None,
    *,
    show: bool = True,
) -> None:
    """Run a job and show what its stages report; end with the exit code of what failed.

    Raises:
        ReleaseError: Nothing was ever stored, and the job begins no home.
    """
    home = Home(settings().home)
    if job not in BEGINNING_JOBS:
        require_begun(home)
    if sys.stderr.isatty():  # the imports below take seconds
        print(f"Starting the job {job} of {home.root} ...", file=sys.stderr)
    from xnai_pipelines.cli.queries import run_reports
    from xnai_pipelines.cli.runs import execute
    from xnai_pipelines.cli.show_run import show_run, show_run_reports

    finished = execute(job, config, home, assets)
    reports = run_reports(home, finished.succeeded)
    if as_json:
        print_json({**asdict(finished), "reports": reports})
    elif show and not finished.failure:
        show_run_reports(reports, settings())
    show_run(finished)
    if finished.failure:
        raise typer.Exit(finished.exit_code)


def require_begun(home: Home) -> None:
    """Fail before anything is made where nothing was ever stored.

    Raises:
        ReleaseError: Nothing was; the message says what makes the first release.
    """
    from xnai_pipelines.environment import is_begun
    from xnai_pipelines.state.manifest import Releases

    if not is_begun(home):
        Releases(home.releases).require()


def require_encoder() -> None:
    """Fail before a run has read anything if an encoder of a package is wanted and not installed.

    Raises:
        MissingExtraError: It is not; the message has the command that installs it.
    """
    from xnai_pipelines.encoders.packaged import MULTILINGUAL_ENCODER
    from xnai_pipelines.encoders.source import default_encoder_folder
    from xnai_pipelines.extras import require

    if settings().encoder is None:
        default_encoder_folder()
    elif settings().encoder == MULTILINGUAL_ENCODER:
        require("multilingual", f"The encoder {MULTILINGUAL_ENCODER}")


def complain(sentence: object) -> None:
    """Print a sentence about what is wrong to standard error."""
    print(f"xnai: {visible(str(sentence))}", file=sys.stderr)


def progress(sentence: str) -> None:
    """Print a sentence about work that goes on to standard error."""
    print(on_one_line(sentence), file=sys.stderr)


def checked_encoders(names: Sequence[str]) -> list[str]:
    """Return the names of encoders with absolute folders; XNAI_ENCODER may be a hub id, and nothing else is fetched.

    Raises:
        OptionError: A name is neither a folder nor an encoder of a package.
        MissingExtraError: The package is not installed.
    """
    from xnai_pipelines.encoders.packaged import MULTILINGUAL_ENCODER
    from xnai_pipelines.encoders.source import BESIDE, lasting_name
    from xnai_pipelines.errors import OptionError
    from xnai_pipelines.extras import require

    found = []
    for name in names:
        named = name.removeprefix(BESIDE)
        if named == MULTILINGUAL_ENCODER:
            require("multilingual", f"The encoder {named}")
        elif named != settings().encoder and not Path(named).expanduser().is_dir():
            raise OptionError(
                f"{name!r} is neither a folder nor {MULTILINGUAL_ENCODER}. For a model of the hub, set XNAI_ENCODER to "
                "its id; `xnai encoders` compares it."
            )
        found.append(lasting_name(name))
    return found


def print_json(value: Any) -> None:
    """Print a value for scripts. Letters that the encoding of the output lacks are escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2, default=str)
    print(text)


@contextmanager
def _sentences_for_errors() -> Iterator[None]:
    try:
        yield
    except XnaiError as error:
        complain(error)
        sys.exit(error.exit_code)
    except FileNotFoundError:
        try:
            Path.cwd()
        except FileNotFoundError:
            complain("The folder that this terminal is in was deleted. Change to one that exists, with `cd`.")
            sys.exit(UnavailableError.exit_code)
        raise
    except PermissionError as error:
        if error.filename is None:
            raise
        told = forbidden(error.filename, "read or written")
        complain(told)
        sys.exit(told.exit_code)
    except Exception as error:
        if is_of_full_memory(error):
            complain(
                "The memory that this command may use is used up. End other programs or raise the limit (`ulimit -v`, "
                "that of the container), and run the command again."
            )
        elif is_of_full_disk(error):
            complain(f"A disk is full ({error}). Free some space, and run the command again.")
        else:
            raise
        sys.exit(UnavailableError.exit_code)
