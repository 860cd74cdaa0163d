"""What the commands print: tables for people, JSON for scripts, help for strangers."""

import errno
import json
import os
import re
from importlib.metadata import version

import numpy as np
import pytest

from tests.support.adaptation_world import copy_world
from tests.support.language_models import END, delta, language_model
from tests.support.pipeline import command, json_of, variables
from tests.support.workplace import GUIDE
from xnai_pipelines.cli import terminal
from xnai_pipelines.cli.app import app
from xnai_pipelines.encoders.stored.file import save
from xnai_pipelines.encoders.stored.scheme import Method, Scheme
from xnai_pipelines.encoders.stored.tensor import QuantizedModel, QuantizedTensor, Statistics

COMMANDS = [
    "run", "evaluate", "plan", "search", "policy", "status", "sample", "demo", "ui", "maintain", "quantize", "card",
    "inspect", "encoders", "retrain", "adapters", "feedback", "history", "releases", "rollback", "approve", "forget",
    "demo-models", "demo-retrain", "train", "health", "serve", "mcp", "sources", "crawl", "ask", "demo-answers",
    "verify", "replay", "migrate", "backup", "restore", "doctor", "drill", "backups", "take-over",
]  # fmt: skip


def test_these_are_the_commands():
    names = [one.name or one.callback.__name__.replace("_", "-") for one in app.registered_commands]
    assert sorted(names) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_the_command_and_each_option_does(name, tmp_path):
    said = command(variables(home=tmp_path / "home"), name, "--help")
    assert said.code == 0
    assert not said.err
    assert "Usage: xnai" in said.out, repr(said.out[200:500])
    options = [line for line in said.out.splitlines() if re.match(r"│ +(-\w|--)", line)]
    assert options
    assert all(re.search(r"\w+ \w+", line.split("--")[-1]) for line in options), said.out
    assert not (tmp_path / "home").exists()


def test_without_a_command_the_commands_are_listed(tmp_path):
    said = command(variables(home=tmp_path / "home"))
    assert all(name in said.out + said.err for name in COMMANDS)


def test_the_daily_commands_come_first(tmp_path):
    listed = command(variables(home=tmp_path / "home"), "--help").out
    found = [listed.index(f"│ {name} ") for name in ["run", "search", "evaluate", "status", "plan", "approve", "ui"]]
    assert found[:5] == sorted(found[:5])
    assert max(found[:5]) < min(found[5:])


def test_the_version_is_that_of_the_package(tmp_path):
    said = command(variables(home=tmp_path / "home"), "--version")
    assert (said.code, said.out) == (0, f"xnai {version('xnai-pipelines')}\n")
    assert not (tmp_path / "home").exists()


def test_adapters_without_any_are_a_sentence(tmp_path):
    home = variables(home=tmp_path / "home")
    assert command(home, "adapters").out == "No adapter was trained yet: `xnai retrain` trains one.\n"
    assert json_of(command(home, "adapters", "--json")) == []


def test_a_narrow_terminal_shows_the_encoder_and_the_accuracy_of_a_release(answering, monkeypatch):
    wide = command(variables(answering), "releases").out
    assert "nDCG@10" in wide
    monkeypatch.setattr(terminal._output, "_width", 80)
    narrow = command(variables(answering), "releases").out
    assert "nDCG@10" in narrow
    assert "int8_dynamic" in narrow


def test_help_works_with_settings_that_are_wrong():
    assert command(variables(chunk_size=3), "--help").code == 0
    assert command(variables(chunk_size=3), "run", "--help").code == 0


def test_search_shows_source_place_heading_and_snippet(answering):
    said = command(variables(answering), "search", "how do I restart the machine", "-k", "1")
    assert said.code == 0
    assert "1. guide.md [" in said.out
    assert "Guide" in said.out
    assert "restart" in said.out


def test_search_as_json_names_what_a_script_needs(answering):
    found = json_of(command(variables(answering), "search", "restart the machine", "--json", "-k", "3"))
    assert found["question"] == "restart the machine"
    assert found["release"] == 1
    first = found["hits"][0]
    assert first.keys() >= {
        "rank", "score", "chunk_id", "document_id", "source", "start", "end", "heading_path", "page", "text", "snippet",
    }  # fmt: skip
    assert first["source"] == "guide.md"
    assert GUIDE[first["start"] : first["end"]] == first["text"]
    assert "**restart**" in first["snippet"]


@pytest.mark.parametrize("mode", ["hybrid", "vector", "keyword"])
def test_every_mode_finds_the_passage(answering, mode):
    found = json_of(command(variables(answering), "search", "rain on the hills", "--mode", mode, "--json"))
    assert found["hits"][0]["source"] == "notes/rain.txt"


def test_filters_narrow_the_search(answering):
    def sources(*filters):
        found = json_of(command(variables(answering), "search", "river whales installer", "--json", *filters))
        return {hit["source"] for hit in found["hits"]}

    assert sources("--source", "notes/") == {"notes/rain.txt", "notes/sun.txt"}
    assert sources("--media-type", "text/markdown") == {"guide.md"}
    assert sources("--language", "xx") == set()
    by_document = json_of(command(variables(answering), "search", "installer folder", "--by-document", "--json"))
    listed = [hit["document_id"] for hit in by_document["hits"]]
    assert len(listed) == len(set(listed))


def test_markup_in_a_question_is_printed_as_it_is(answering):
    said = command(variables(answering), "search", "[bold]rain[/bold] [/red]", "-k", "1")
    assert said.code == 0
    assert "[bold]rain[/bold] [/red]" in said.out


def test_status_says_what_is_stored_by_which_model_and_what_is_wrong(answering):
    said = command(variables(answering), "status")
    for shown in ("documents folder", "vector space", "all-MiniLM-L6-v2", "nDCG@10", "broken.pdf", "release"):
        assert shown in said.out
    status = json_of(command(variables(answering), "status", "--json"))
    counted = {
        "outcomes",
        "skipped",
        "skipped_examples",
        "quarantined",
        "quarantine",
        "unlisted",
        "left_out",
        "incomplete",
    }
    assert status.keys() == {"home", "facts", "health"} | counted
    assert status["outcomes"] == {"documents": 4, "quarantined": 1}
    assert status["quarantine"][0].keys() >= {"source", "error_type", "error", "attempts"}


def test_status_of_an_empty_home_says_that_there_is_nothing(tmp_path):
    said = command(variables(home=tmp_path / "home"), "status")
    assert said.code == 0
    assert "none yet" in said.out


def test_plan_counts_what_a_run_would_do_and_does_nothing(work):
    planned = json_of(command(variables(work), "plan", "--json"))
    assert planned.keys() == {"folder", "files", "skipped", "unlisted", "to_read", "seconds", "refusal"}
    assert planned["files"] == {
        "new": 5, "edited": 0, "renamed": 0, "deleted": 0, "unchanged": 0, "to_retry": 0, "skipped": 0,
    }  # fmt: skip
    assert planned["seconds"] is None
    shown = command(variables(work), "plan").out
    assert "unknown until the first run" in shown
    assert "to retry" in shown
    assert not work.tables.names()


def test_plan_names_what_a_run_would_skip_and_cannot_inspect(work, monkeypatch):
    work.write(".git/config", "hidden\n")
    work.write("private/a.md", "words\n")
    scandir = os.scandir

    def refusing(folder):
        if str(folder) == str(work.documents / "private"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    shown = " ".join(command(variables(work), "plan").out.split())
    assert "Skipped: 1 (hidden). Not read: private/: the folder cannot be listed: Permission denied." in shown


def test_plan_after_a_run_expects_no_work(answering):
    planned = json_of(command(variables(answering), "plan", "--json"))
    assert (planned["files"]["unchanged"], planned["to_read"], planned["seconds"]) == (5, 0, 0.0)


def test_plan_says_that_a_run_over_an_empty_folder_would_be_refused(work):
    for path in work.plan().listing.files:
        (work.documents / path).unlink()
    said = command(variables(work), "plan")
    assert "A run would be refused" in said.out
    work.write(".git/config", "hidden\n")
    refusal = json_of(command(variables(work), "plan", "--json"))["refusal"]
    assert refusal.startswith(f"{work.documents} has no file to read (skipped: 1 hidden).")


@pytest.mark.slow
def test_sample_writes_documents_and_questions_and_says_where(tmp_path):
    written = json_of(command(variables(home=tmp_path / "home"), "sample", "--json"))
    assert written["written"] > 150
    assert (tmp_path / "home/sample/questions.jsonl").exists()
    again = json_of(command(variables(home=tmp_path / "home"), "sample", "--json"))
    assert (again["written"], again["unchanged"]) == (0, written["written"])


@pytest.mark.slow
def test_run_shows_its_stages_figures_and_checks(first_run):
    _, said = first_run
    for shown in ("4 documents", "Retrieval:", "nDCG@10", "MLflow run"):
        assert shown in said.out
    assert "Warning: the check documents/quarantine_rate did not pass. 1 of 5 files is in quarantine: 20 %" in said.err
    assert "`xnai status` lists the files" in said.err


@pytest.mark.slow
def test_a_folder_without_text_is_released_and_each_command_says_what_is_missing(work):
    for path in work.plan().listing.files:
        (work.documents / path).unlink()
    work.write("empty.txt", "")
    said = command(variables(work), "run")
    assert said.code == 0, said.err
    assert "Skipped: 1 (empty or only whitespace)." in said.out
    assert "retrieval_evaluation/accuracy_floor did not pass. Accuracy was not measured. No document has" in said.err
    status = command(variables(work), "status").out
    assert "empty.txt" in status
    assert "none; `xnai evaluate` measures" in status
    found = command(variables(work), "search", "rain")
    assert (found.code, "No document is indexed. `xnai status`" in found.out) == (0, True)
    work.write("rain.txt", "Rain fell on the hills for three days, and the river rose.\n")
    assert "Retrieval: 1 generated question" in command(variables(work), "run").out
    assert "rain.txt" in command(variables(work), "search", "rain").out


@pytest.mark.slow
def test_a_run_as_json_names_its_steps_reports_and_failed_checks(answering, tmp_path):
    work = copy_world(answering, tmp_path)
    again = json_of(command(variables(work), "run", "--json"))
    assert again.keys() == {"run_id", "failure", "exit_code", "succeeded", "failed_checks", "reports"}
    assert again["failure"] is None
    assert set(again["succeeded"]) > {"documents", "chunks", "embeddings", "questions", "retrieval_evaluation"}
    stages = {"mirrored_sources", "crawled_pages", "documents", "chunks", "embeddings", "questions"}
    assert again["reports"].keys() == stages | {"evaluation", "tracked"}
    assert again["reports"]["embeddings"]["encoded"] == 0
    assert [check["check"] for check in again["failed_checks"]] == ["quarantine_rate"]
    assert "nothing to do" in command(variables(work), "run", "--no-evaluation").out


@pytest.mark.slow
def test_evaluate_and_maintain_report_what_they_did(answering, tmp_path):
    work = copy_world(answering, tmp_path)
    evaluated = json_of(command(variables(work), "evaluate", "--json"))
    assert evaluated["reports"].keys() == {"questions", "evaluation", "tracked"}
    maintained = json_of(command(variables(work), "maintain", "--json"))
    assert maintained["reports"]["maintenance"]["bytes_after"] > 0
    assert "MB before" in command(variables(work), "maintain").out


@pytest.mark.slow
def test_evaluate_measures_the_language_model_that_is_set_and_shows_no_other(answering, tmp_path):
    work = copy_world(answering, tmp_path)
    with language_model(lambda say: say(delta("NO ANSWER") + END)) as url:
        said = command(variables(work, llm_url=url, llm_model="small", llm_questions=1), "evaluate")
        assert said.code == 0, said.err
        assert "Answers by small, beside quotes" in said.out
        assert "about 1 test question; failed: none." in " ".join(said.out.split())
    assert "small" not in command(variables(work), "evaluate").out


@pytest.mark.slow
def test_a_run_that_failed_reports_its_own_steps_and_nothing_of_an_earlier_run(answering, tmp_path):
    work = copy_world(answering, tmp_path)
    labels = tmp_path / "questions.jsonl"
    labels.write_text("not json\n")
    failed = command(variables(work, questions=labels), "run", "--json")
    assert failed.code == 2
    assert json.loads(failed.out)["failure"].startswith("documents: ")
    assert json.loads(failed.out)["reports"].keys() == {"mirrored_sources", "crawled_pages"}
    work.documents.rename(tmp_path / "elsewhere")
    work.documents.mkdir()
    refused = command(variables(work), "run", "--json")
    assert refused.code == 1
    assert "has no file" in json.loads(refused.out)["failure"]
    assert json.loads(refused.out)["reports"].keys() == {"mirrored_sources", "crawled_pages"}


def test_inspect_lists_the_tensors_of_a_quantized_model(tmp_path):
    weights = np.arange(64, dtype=np.int32).reshape(2, 32) % 4
    scales, zeros = np.full((2, 1), 0.5, np.float16), np.full((2, 1), 2, np.uint8)
    tensor = QuantizedTensor(
        name="layer.weight", shape=(2, 32), dtype="float32", method=Method.RTN, bits=2, group_size=32,
        codes=weights, scales=scales, zero_points=zeros,
    )  # fmt: skip
    model = QuantizedModel(
        tensors=(tensor,),
        scheme=Scheme(method=Method.RTN, bits=2, group_size=32),
        base_sha256="0" * 64,
        calibration_sha256=None,
        statistics=Statistics(seconds=0.0, layers=1),
        libraries={},
    )
    path = tmp_path / "model.arrow"
    save(model, path)
    said = command(variables(home=tmp_path / "home"), "inspect", str(path))
    assert "layer.weight" in said.out
    assert "2-bit RTN codes, groups of 32, asymmetric" in said.out
    assert (
        json_of(command(variables(home=tmp_path / "home"), "inspect", str(path), "--json"))["tensors"][0]["bits"] == 2
    )
