"""The commands of the loop: what they print, as tables and as JSON, and what they refuse."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.pipeline import Said, command, fresh_xnai, json_of
from tests.support.retrained import Retrained, copy_world, of_world
from tests.support.workplace import Workplace
from xnai_pipelines.adapters.make import read_adapter_report

pytestmark = pytest.mark.slow


def refused(said: Said) -> str:
    assert said.code in (1, 2, 3)
    assert said.out == ""
    assert said.err.startswith("xnai: ")
    assert len(said.err.strip().splitlines()) == 1
    return said.err


@pytest.fixture(scope="module")
def awaiting(retrained: Retrained, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a home whose challenger awaits approval; tests only read it."""
    return of_world(copy_world(retrained.work, tmp_path_factory.mktemp("awaiting")))


@pytest.fixture
def changing(retrained: Retrained, tmp_path: Path) -> Workplace:
    """A copy of that home, for a test to change."""
    return copy_world(retrained.work, tmp_path)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("epochs", "--set 'epochs' is not of the form name=value"),
        ("=2", "--set '=2' is not of the form name=value"),
        ("colour=red", "colour"),
        ("rank=-1", "rank is -1"),
        ("epochs=many", "epochs is 'many'"),
    ],
)
def test_a_wrong_change_to_the_training_is_named_before_anything_runs(awaiting, change, named):
    assert named in refused(command(awaiting, "retrain", "--dry-run", "--set", change))


def test_a_dry_run_says_what_a_training_would_take_and_trains_nothing(changing, retrained):
    environment = of_world(changing)
    before = sorted(path.name for path in changing.home.adapters.iterdir())
    planned = json_of(command(environment, "retrain", "--dry-run", "--json"))
    assert planned["adapter"] == read_adapter_report(retrained.work.home).adapter
    assert (planned["pairs"], planned["steps"], planned["trained_already"]) == (40, 3, True)
    assert planned["memory_bytes"] > 0
    assert planned["minutes"] > 0
    other = json_of(command(environment, "retrain", "--dry-run", "--json", "--set", "rank=4"))
    assert other["trained_already"] is False
    assert "40" in command(environment, "retrain", "--dry-run").out
    assert sorted(path.name for path in changing.home.adapters.iterdir()) == before


def test_releases_lists_the_current_one_and_the_challenger(awaiting):
    listed = json_of(command(awaiting, "releases", "--json"))
    assert [(one["release"], one["state"]) for one in listed] == [(1, "current"), (2, "challenger")]
    assert listed[1]["adapter"]
    shown = command(awaiting, "releases").out
    assert "current" in shown
    assert "challenger" in shown


def test_without_a_release_there_is_nothing_to_list_or_to_go_back_to(awaiting, work):
    environment = of_world(work, questions="")
    environment.pop("XNAI_QUESTIONS")
    assert "Nothing is released" in refused(command(environment, "releases"))


def test_approve_releases_and_rollback_goes_back_and_refuses_what_is_not_there(changing):
    environment = of_world(changing)
    approved = json_of(command(environment, "approve", "--by", "Ada", "--json"))
    assert approved["reports"]["release"]["released"] is True
    assert [one["state"] for one in json_of(command(environment, "releases", "--json"))] == ["kept", "current"]
    back = json_of(command(environment, "rollback", "--json"))
    assert back["reports"]["rollback"]["to_release"] == 1
    missing = command(environment, "rollback", "7")
    assert missing.code == 1
    assert "Release 7 does not exist" in missing.err
    assert "Traceback" not in missing.err
    nothing = command(environment, "approve", "--by", "Ada")
    assert nothing.code == 1
    assert "There is no challenger" in nothing.err
    assert [one["state"] for one in json_of(command(environment, "releases", "--json"))] == ["current", "kept"]


def test_feedback_is_noted_and_the_next_evaluation_takes_it_in(changing):
    environment = of_world(changing)
    question = "Which workshop made the copper kettle number 1?"
    given = json_of(command(environment, "feedback", question, "--right", "copper_kettle_1.md", "--json"))
    assert (given["source"], given["right"]) == ("copper_kettle_1.md", True)
    wrong = command(environment, "feedback", question, "--wrong", "oak_table_0.md")
    assert wrong.code == 0
    assert "The next evaluation uses it: `xnai evaluate`" in " ".join(wrong.out.split())
    assert "the nearest names are 'copper_kettle_1.md'" in refused(
        command(environment, "feedback", question, "--right", "copper_ketle_1.md")
    )
    assert "Name one document" in refused(command(environment, "feedback", question))
    evaluated = json_of(command(environment, "evaluate", "--json"))
    assert evaluated["reports"]["questions"]["questions"] == 81


def test_history_shows_evaluations_and_what_happened(awaiting):
    rows = json_of(command(awaiting, "history", "--json"))
    assert len(rows) >= 2
    assert all(isinstance(row, dict) for row in rows)
    assert "release 1" in json.dumps(rows)
    assert "release 1" in command(awaiting, "history").out


def test_without_its_reports_a_home_decides_and_shows_the_same_and_does_nothing_twice(changing):
    environment, home = of_world(changing, approval=True), changing.home

    def shown() -> tuple[object, ...]:
        status = json_of(command(environment, "status", "--json"))
        evaluated = {name: status["facts"][name] for name in ("last evaluation", "nDCG@10")}
        return evaluated, status["health"], command(environment, "search", "Who cleans the oak table?", "--json").out

    evaluated = json_of(command(environment, "evaluate", "--json"))["reports"]
    before, decided = shown(), sorted(path.name for path in home.decisions.iterdir())
    kept = [home.state / name for name in ("comparison.json", "drift/release_1.npz")]
    measured = [path.read_bytes() for path in kept]
    shutil.rmtree(home.reports)
    assert shown() == before

    again = json_of(command(environment, "evaluate", "--json"))["reports"]
    assert [again[name] for name in ("evaluation", "tracked")] == [
        evaluated[name] for name in ("evaluation", "tracked")
    ]
    planned = json_of(command(environment, "retrain", "--dry-run", "--json"))
    assert planned["trained_already"] is True
    assert planned["minutes"] is not None
    retrained = json_of(command(environment, "retrain", "--json"))["reports"]
    assert retrained["training_pairs"]["changed"] is False
    assert retrained["lora_adapter"]["trained"] is False
    assert retrained["release"]["reason"] == "The challenger awaits approval: `xnai approve`."
    assert sorted(path.name for path in home.decisions.iterdir()) == decided
    assert [path.read_bytes() for path in kept] == measured
    assert json_of(command(environment, "maintain", "--json"))["reports"]["maintenance"]["models_dropped"] == []


def test_adapters_are_listed_and_compared(awaiting, retrained):
    adapter = read_adapter_report(retrained.work.home).adapter
    [row] = json_of(command(awaiting, "adapters", "--json"))
    assert (row["adapter"], row["decision"], row["release"]) == (adapter, "awaiting_approval", "")
    assert adapter in command(awaiting, "adapters").out
    compared = json_of(command(awaiting, "adapters", "--compare", adapter, adapter, "--json"))
    assert all(row["what"].startswith("cosine") for row in compared)
    assert "nothing" in refused(command(awaiting, "adapters", "--compare", adapter, "nothing"))


def test_status_ends_with_sentences_on_how_the_home_does(awaiting):
    health = json_of(command(awaiting, "status", "--json"))["health"]
    assert any("was awaiting approval" in sentence for sentence in health)
    lines = [line.strip() for line in command(awaiting, "status").out.splitlines() if line.strip()]
    assert lines[-1] == health[-1].strip()


def test_forget_shows_the_proof(changing):
    environment = of_world(changing)
    still = command(environment, "forget", "oak_table_0.md")
    assert still.code == 1
    assert "is still in" in still.err
    (changing.documents / "oak_table_0.md").unlink()
    proof = json_of(command(environment, "forget", "oak_table_0.md", "--json"))["reports"]["forgetting"]
    assert proof["documents"] == 1
    assert all(table["rows_found"] == 0 for table in proof["tables"])
    assert proof["adapters"]
    [row] = json_of(command(environment, "adapters", "--json"))
    assert "deleted" in row["notes"]


def test_the_package_runs_as_a_module(awaiting):
    done = fresh_xnai(awaiting, "releases", "--json")
    assert done.returncode == 0, done.stderr
    assert [one["release"] for one in json.loads(done.stdout)] == [1, 2]
