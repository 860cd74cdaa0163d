"""What a person did wrong is answered by one sentence on standard error and an exit code, never by a trace."""

import errno
import io
import json
import os
import pwd
import sqlite3
import subprocess

import pytest

from tests.support.adaptation_world import copy_world
from tests.support.pipeline import Said, command, fresh_xnai, json_of, variables
from xnai_pipelines.state.claim import Inputs, claim, recorded_inputs


def refused(said: Said | subprocess.CompletedProcess[str], exit_code: int | None = None) -> str:
    """Return the sentence with which the command was refused; `exit_code` is checked when given."""
    code, out, err = (said.code, said.out, said.err) if isinstance(said, Said) else (
        said.returncode, said.stdout, said.stderr
    )  # fmt: skip
    assert code in ((1, 2, 3) if exit_code is None else (exit_code,))
    assert not out
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1
    assert err.startswith("xnai: ")
    return err


def test_the_exit_code_tells_a_wrong_setting_from_something_missing_and_from_a_disk(tmp_path):
    assert "XNAI_CHUNK_SIZE" in refused(command(variables(home=tmp_path / "a", chunk_size=3), "status"), 2)
    assert "No precision card" in refused(command(variables(home=tmp_path / "a"), "card"), 1)
    unknown = refused(command(variables(home=tmp_path / "a"), "encoders", "organisation/model"), 2)
    assert "'organisation/model' is neither a folder nor multilingual-e5-small" in unknown
    (tmp_path / "file").touch()
    assert "file" in refused(command(variables(home=tmp_path / "file" / "home"), "status"), 3)


def failed(said: Said, exit_code: int) -> str:
    """Return why the run that the command started failed."""
    assert said.code == exit_code, said.err
    assert "Traceback" not in said.err
    assert "Run " in said.err
    [reason] = [line for line in said.err.splitlines() if line.startswith("The run failed. ")]
    return reason.removeprefix("The run failed. ")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"chunk_size": 3}, "XNAI_CHUNK_SIZE is '3'; it must be a whole number from 16 to 8192."),
        ({"chunk_size": "abc"}, "XNAI_CHUNK_SIZE is 'abc'; it must be a whole number from 16 to 8192."),
        ({"variant": "foo"}, "XNAI_VARIANT is 'foo'; it must be one of fp32, fp16, int8_dynamic, "),
        (
            {"chunk_size": 64, "chunk_overlap": 70},
            "XNAI_CHUNK_SIZE and XNAI_CHUNK_OVERLAP do not fit: overlap_tokens is 70, but must be an integer from 0",
        ),
        (
            {"chunk_strategy": "magic"},
            "XNAI_CHUNK_STRATEGY is 'magic'; it must be one of fixed, sentence, paragraph, recursive, structure.",
        ),
        ({"threads": "many"}, "XNAI_THREADS is 'many'; it must be a whole number from 1 to 256."),
        ({"dagster_port": 70_000}, "XNAI_DAGSTER_PORT is '70000'; it must be a whole number from 1 to 65535."),
        ({"vanish_share": 0}, "XNAI_VANISH_SHARE is '0'; it must be a number above 0 and up to 1."),
        ({"accuracy_tolerance": 2}, "XNAI_ACCURACY_TOLERANCE is '2'; it must be a number from 0 to 1."),
        ({"slice_questions": 3}, "XNAI_SLICE_QUESTIONS is '3'; it must be a whole number from 10 up."),
        ({"max_search_ms": 0}, "XNAI_MAX_SEARCH_MS is '0'; it must be a number above 0."),
        ({"backup_keep": 10**20}, f"XNAI_BACKUP_KEEP is '{10**20}'; it must be at most 1000000000."),
        ({"max_search_ms": "inf"}, "XNAI_MAX_SEARCH_MS is 'inf'; it must be at most 1000000000."),
        ({"access_log_days": 10**6}, "XNAI_ACCESS_LOG_DAYS is '1000000'; it must be a whole number from 1 to 36500."),
        ({"retrain_cooldown_hours": 10**7}, "XNAI_RETRAIN_COOLDOWN_HOURS is '10000000'; it must be a number from 0 to"),
        ({"approval": "perhaps"}, "XNAI_APPROVAL is 'perhaps'; it must be true or false."),
        ({"max_memory_mb": 0}, "XNAI_MAX_MEMORY_MB is '0'; it must be a whole number from 1 up."),
        ({"max_model_mb": 64}, "XNAI_MAX_MODEL_MB='64' is set: the setting is called XNAI_MAX_MEMORY_MB now."),
        ({"training": "rank 8"}, "XNAI_TRAINING is 'rank 8'; it must be a JSON object of training options, such as "),
        ({"training": "[1]"}, "XNAI_TRAINING is '[1]'; it must be a JSON object of training options, such as "),
        (
            {"training": '{"epoch": 3}'},
            """XNAI_TRAINING is '{"epoch": 3}'; epoch is not a training option; the nearest is epochs.""",
        ),
        ({"training": '{"rank": -1}'}, """XNAI_TRAINING is '{"rank": -1}'; rank is -1; it must be a whole number"""),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_setting_is_named_with_its_value_and_what_is_allowed(tmp_path, wrong, named):
    said = refused(command(variables(home=tmp_path, **wrong), "status"))
    assert said.startswith(f"xnai: {named}")
    assert said.endswith(".\n")
    assert len(said) < 300


def test_a_variable_that_is_no_setting_is_named_with_the_nearest_one_and_the_command_goes_on(tmp_path):
    said = command(variables(home=tmp_path, chunksize=64, dagster=tmp_path, zzzz=1), "status")
    assert said.code == 0
    assert said.err.splitlines() == [
        "xnai: XNAI_CHUNKSIZE is set, but there is no such setting; the nearest is XNAI_CHUNK_SIZE.",
        "xnai: XNAI_ZZZZ is set, but there is no such setting.",
    ]


def test_a_webhook_that_is_no_address_is_named_without_its_value(tmp_path):
    said = refused(command(variables(home=tmp_path, webhook="hooks.example.org/s3cret"), "status"))
    assert "XNAI_WEBHOOK is (hidden); it must start with http:// or https://." in said
    assert "s3cret" not in said


def test_wrong_renamed_and_unknown_settings_are_all_named(tmp_path):
    said = command(variables(home=tmp_path, chunk_size=3, max_model_mb=64, chunksize=64), "plan")
    assert said.code == 2
    unknown, wrong = said.err.splitlines()
    assert unknown == "xnai: XNAI_CHUNKSIZE is set, but there is no such setting; the nearest is XNAI_CHUNK_SIZE."
    assert wrong.startswith("xnai: XNAI_MAX_MODEL_MB='64' is set: the setting is called XNAI_MAX_MEMORY_MB now. ")
    assert wrong.endswith(" XNAI_CHUNK_SIZE is '3'; it must be a whole number from 16 to 8192.")


def test_two_wrong_settings_are_both_named(tmp_path):
    said = refused(command(variables(home=tmp_path, chunk_size=3, variant="foo"), "plan"))
    assert "XNAI_CHUNK_SIZE" in said
    assert "XNAI_VARIANT" in said


@pytest.mark.parametrize(
    "line",
    [
        *("search x", "search x --mode graph", "ask x", "evaluate", "policy", "releases", "rollback"),
        *("approve --by Ada", "health", "drill", "maintain", "backup", "forget a.md", "encoders", "retrain --dry-run"),
    ],
)
def test_where_nothing_was_stored_a_command_that_needs_a_release_makes_nothing(tmp_path, line):
    assert "`xnai run` makes it" in refused(command(variables(home=tmp_path / "mistyped"), *line.split()), 1)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty").mkdir()
    said = refused(command(variables(home=tmp_path / "empty"), *line.split()), 1)
    assert "`xnai run` makes the first release" in said
    assert list(tmp_path.rglob("*")) == [tmp_path / "empty"]


@pytest.mark.parametrize("line", ["take-over", "crawl nowhere"])
@pytest.mark.parametrize("empty", [False, True])
def test_of_a_command_that_would_begin_a_home_nothing_remains_if_it_is_refused(tmp_path, line, empty):
    home = tmp_path / "home"
    if empty:
        home.mkdir()
    refused(command(variables(home=home), *line.split()), 2)
    assert list(tmp_path.rglob("*")) == [home] * empty


@pytest.mark.parametrize(
    ("line", "code"),
    [
        *((line, 0) for line in ("status", "adapters", "history", "backups", "migrate --dry-run", "token list")),
        *((line, 1) for line in ("card", "replay abc")),
        *((line, 2) for line in ("plan", "sources", "verify nothing.json", "inspect nothing.arrow")),
        *((line, 2) for line in ("feedback x --right a.md", "graph entity x", "graph communities", "graph export")),
    ],
)
def test_where_nothing_was_stored_a_command_that_only_looks_makes_nothing(tmp_path, monkeypatch, line, code):
    monkeypatch.chdir(tmp_path)
    said = command(variables(home=tmp_path / "mistyped"), *line.split())
    assert said.code == code, said.err
    assert "Traceback" not in said.err
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mistyped").mkdir()
    assert command(variables(home=tmp_path / "mistyped"), *line.split()).code == code
    assert list(tmp_path.rglob("*")) == [tmp_path / "mistyped"]


@pytest.mark.parametrize(
    "arguments", [("run",), ("plan",), ("status",), ("search", "x"), ("sample",), ("ui",)], ids=str
)
def test_a_home_that_cannot_be_made_is_named(tmp_path, arguments):
    (tmp_path / "file").write_text("")
    said = refused(command(variables(home=tmp_path / "file" / "home"), *arguments))
    assert "cannot be written" in said
    assert "XNAI_HOME" in said


@pytest.mark.slow
def test_without_a_folder_it_says_how_to_name_one(tmp_path):
    environment = variables(home=tmp_path)
    assert "XNAI_DOCUMENTS" in refused(command(environment, "plan"), 2)
    assert "XNAI_DOCUMENTS" in failed(command(environment, "run"), 2)


def test_a_missing_folder_is_named_and_does_not_become_the_homes(tmp_path, work):
    missing = variables(work, documents=tmp_path / "mistyped")
    assert "mistyped does not exist" in refused(command(missing, "plan"), 2)
    assert "mistyped does not exist" in failed(command(missing, "run"), 2)
    assert command(variables(work), "plan").code == 0


def test_an_empty_folder_is_refused_and_does_not_become_the_homes(tmp_path, work):
    (tmp_path / "empty").mkdir()
    assert "has no file" in failed(command(variables(work, documents=tmp_path / "empty"), "run"), 1)
    assert command(variables(work), "plan").code == 0


def test_a_home_in_its_documents_folder_is_not_read_and_one_that_is_the_folder_is_refused(work):
    (work.documents / "state-backups").mkdir()
    (work.documents / "state-backups" / "old.md").write_text("An old backup.")
    (work.documents / "state").mkdir()
    planned = json_of(command(variables(work, home=work.documents / "state"), "plan", "--json"))
    assert (planned["files"]["new"], planned["files"]["skipped"]) == (5, 2)
    entries = sorted(work.documents.iterdir())
    said = refused(command(variables(work, home=work.documents), "plan"), 2)
    assert f"XNAI_DOCUMENTS and XNAI_HOME both name {work.documents}" in said
    assert sorted(work.documents.iterdir()) == entries


def test_another_folder_than_the_homes_is_refused_with_the_advice_to_set_xnai_home(answering, tmp_path):
    other = variables(answering, documents=tmp_path)
    assert "Set XNAI_HOME" in refused(command(other, "plan"), 2)
    assert "Set XNAI_HOME" in failed(command(other, "run"), 2)


def test_nothing_released_says_what_makes_a_release(work):
    assert "`xnai run` makes the first release" in refused(command(variables(work), "search", "rain"))


@pytest.mark.parametrize("question", ["", "   ", "\x01\x02", "?!"], ids=repr)
def test_a_question_without_words_is_refused(answering, question):
    assert "question" in refused(command(variables(answering), "search", question))


def test_an_unknown_mode_is_refused_with_the_modes_there_are(answering):
    assert "hybrid, vector, keyword" in refused(command(variables(answering), "search", "rain", "--mode", "magic"))


def test_a_search_with_another_encoder_than_the_releases_is_refused(answering):
    assert "--new-release" in refused(command(variables(answering, variant="fp32"), "search", "rain"))


@pytest.mark.parametrize("encoder", ["/nowhere", "no model"])
def test_an_encoder_that_is_none_is_named(answering, encoder):
    assert f"XNAI_ENCODER='{encoder}'" in refused(command(variables(answering, encoder=encoder), "search", "rain"))


def test_a_usage_error_shows_the_usage(answering):
    said = command(variables(answering), "search", "rain", "-k", "0")
    assert said.code == 2
    assert "-k" in said.err


@pytest.mark.slow
def test_a_current_folder_that_was_deleted_is_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "deleted").mkdir()
    monkeypatch.chdir(tmp_path / "deleted")
    (tmp_path / "deleted").rmdir()
    assert "was deleted. Change to one that exists" in refused(command(variables(home="relative"), "status"), 3)


def test_the_error_of_a_process_is_the_same(tmp_path):
    assert "XNAI_CHUNK_SIZE" in refused(fresh_xnai(variables(home=tmp_path, chunk_size=3), "status"))


def test_a_check_of_labels_names_the_line_that_is_wrong(work, tmp_path):
    labels = tmp_path / "questions.jsonl"
    labels.write_text('{"question": "rain", "documents": ["notes/rain.txt"]}\nnot json\n')
    assert "questions.jsonl:2: not JSON" in failed(command(variables(work, questions=labels), "run"), 2)


def test_questions_that_cannot_be_read_are_refused_before_the_home_records_them(work, tmp_path):
    nowhere = variables(work, questions=tmp_path / "nope")
    for said in (refused(command(nowhere, "plan"), 2), failed(command(nowhere, "run"), 2)):
        assert "nope: cannot be read" in said
        assert "XNAI_QUESTIONS=none" in said
    assert recorded_inputs(work.home) is None
    assert command(variables(work, questions=""), "plan").code == 0


def test_a_home_goes_back_to_generated_questions(answering, tmp_path):
    work = copy_world(answering, tmp_path)
    claim(work.home, Inputs(work.documents, tmp_path / "deleted.jsonl"))
    done = command(variables(work, questions="none"), "run", "--no-evaluation")
    assert done.code == 0, done.err
    assert recorded_inputs(work.home) == Inputs(work.documents, None)


def test_an_encoder_that_is_none_fails_the_run_as_a_wrong_setting(work):
    assert "'/nowhere' is neither" in failed(command(variables(work, encoder="/nowhere"), "run"), 2)


def test_an_approval_without_a_challenger_is_refused(answering):
    assert "no challenger to approve" in failed(command(variables(answering), "approve", "--by", "Ada"), 1)


def test_what_was_never_stored_cannot_be_forgotten_and_is_named_literally(answering):
    said = failed(command(variables(answering), "forget", "pages/[slug].tsx"), 1)
    assert "There is no document pages/[slug].tsx" in said


def test_a_home_that_became_read_only_is_named(answering, monkeypatch):
    def refuse(**_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    said = refused(command(variables(answering), "run"), 3)
    assert "cannot be written (Read-only file system)" in said


@pytest.mark.parametrize("unreadable", ["", "releases/current.json"])
def test_what_this_user_may_not_read_is_named_and_so_is_the_user(answering, monkeypatch, unreadable):
    path = answering.home.root / unreadable

    def refusing(call):
        def refuse(what, *given, **named):
            if str(what) == str(path):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(what))
            return call(what, *given, **named)

        return refuse

    monkeypatch.setattr(os, "scandir", refusing(os.scandir))
    monkeypatch.setattr(io, "open", refusing(io.open))
    said = refused(command(variables(answering), "search", "rain"), 3)
    assert f"{path} cannot be read" in said
    assert f"by the user {pwd.getpwuid(os.geteuid()).pw_name} (Permission denied)" in said


def test_a_storage_of_dagster_that_cannot_be_used_is_named(tmp_path):
    runs = tmp_path / "dagster" / "history" / "runs.db"
    runs.parent.mkdir(parents=True)
    runs.write_bytes(b"no database" * 100)
    said = refused(command(variables(home=tmp_path), "maintain"), 3)
    assert str(tmp_path / "dagster") in said
    assert "file is not a database" in said


@pytest.mark.parametrize("starting", ["run", "maintain", "ui"])
def test_a_dagster_home_without_its_file_is_named(starting, answering):
    said = refused(command(variables(answering, dagster_home="/nope"), starting), 2)
    assert "XNAI_DAGSTER_HOME='/nope'" in said


def test_what_starts_no_run_needs_no_dagster_home(answering):
    """The pods of the service get the settings of the others, and no folder of Dagster's."""
    finished = command(variables(answering, dagster_home="/nope"), "search", "whales")
    assert finished.code == 0, finished.err


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
def test_a_locked_mlflow_costs_the_log_entry_and_not_the_figures(answering, tmp_path):
    """The run says so, the report is kept, and the next run logs it without measuring again."""
    work = copy_world(answering, tmp_path)
    environment = variables(work)
    work.write("notes/new.txt", "A new text about the sea and its tides.\n")
    lock = sqlite3.connect(work.home.root / "mlflow.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    said = failed(command(environment, "run"), 3)
    assert said.startswith(("retrieval_evaluation: MLflow at sqlite:///", "answer_evaluation: MLflow at sqlite:///"))
    assert "locked" in said
    record = work.home.state / "evaluation.json"
    measured = json.loads(record.read_text())
    assert measured["mlflow_run"] is None
    lock.rollback()
    lock.close()
    assert command(environment, "run").code == 0
    logged = json.loads(record.read_text())
    assert logged["report"] == measured["report"]
    assert logged["mlflow_run"]


def test_a_card_before_any_was_measured_and_a_variant_that_there_is_not_are_sentences(tmp_path):
    home = variables(home=tmp_path / "home")
    assert "`xnai quantize` makes" in refused(command(home, "card"))
    assert "--variant 'int5' is not one of fp32, fp16" in refused(command(home, "quantize", "--variant", "int5"))
    (tmp_path / "weights.arrow").write_bytes(b"no model")
    assert "weights.arrow" in refused(command(home, "inspect", str(tmp_path / "weights.arrow")))
    assert "There is no file missing.arrow" in refused(command(home, "inspect", "missing.arrow"), 2)


def test_a_damaged_record_is_named_with_what_to_do(tmp_path):
    record = tmp_path / "home" / "state" / "precision_card.json"
    record.parent.mkdir(parents=True)
    record.write_text('{"fingerprint": "a", "card": {')
    assert f"The record {record} is damaged (the whole file: " in refused(
        command(variables(home=tmp_path / "home"), "card")
    )
    record.unlink()
    assert "`xnai quantize` makes" in refused(command(variables(home=tmp_path / "home"), "card"))
