"""A home of version 0.1 kept under reports/ what decides; it moves to state/ once, and nothing of it is lost."""

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.parquet as pq
import pytest
from pydantic_core import to_jsonable_python

from tests.support.pipeline import command, variables
from xnai_pipelines.adapters.make import read_adapted_encoder, read_adapter_report
from xnai_pipelines.adapters.training_pairs import read_training_pairs_report
from xnai_pipelines.autonomy.drift.make import last_drift_report
from xnai_pipelines.defs.resources import StoresResource
from xnai_pipelines.documents.make import last_look
from xnai_pipelines.evaluation.make import last_evaluation
from xnai_pipelines.models.calibration import read_set
from xnai_pipelines.models.card.make import last_card
from xnai_pipelines.models.make import model_reports
from xnai_pipelines.questions.make import lost_labels, splits_given
from xnai_pipelines.releases.evaluate import last_comparison, read_challenger_evaluation
from xnai_pipelines.settings import given_settings
from xnai_pipelines.state.context import history
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.migration import migrate

# Written by version 0.1: documents ingested and evaluated, three variants quantized, an adapter trained and released.
# The profile for drift is left out for its size.
WRITTEN = Path(__file__).with_name("version_0_1") / "reports"
PROFILE = b"a profile"
STAYS = {
    "calibration.json", "challenger_index.json", "chunks.json", "documents.json", "embeddings.json", "questions.json",
    "release.json", "precision_card/card.md",
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    shutil.copytree(WRITTEN, home.reports)
    (home.reports / "drift" / "release_1.npz").write_bytes(PROFILE)
    return home


def moved(home: Home) -> Home:
    """Migrate the home; nobody else holds its lock."""
    migrate(home, pytest.fail)
    return home


def written(name: str) -> Any:
    return json.loads((WRITTEN / name).read_text(encoding="utf-8"))


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


VARIANTS = ("fp32", "int8_dynamic", "int8_static")


def renamed(value: Any, old: str, new: str) -> Any:
    """Return what was written with a field under its later name, wherever it stands."""
    if isinstance(value, dict):
        return {new if name == old else name: renamed(part, old, new) for name, part in value.items()}
    return [renamed(part, old, new) for part in value] if isinstance(value, list) else value


def test_every_record_reads_back_as_it_was_written(home: Home):
    moved(home)
    evaluation = to_jsonable_python(last_evaluation(home))
    assert evaluation.pop("report") == written("evaluation/report.json")
    assert evaluation == written("evaluation/kept.json")
    assert pq.read_table(home.state / "evaluation.parquet") == pq.read_table(
        WRITTEN / "evaluation/per_question.parquet"
    )
    comparison = last_comparison(home)
    assert comparison.fingerprint == written("adapter_evaluation/kept.json")["fingerprint"]
    assert to_jsonable_python(comparison.comparison) == renamed(
        written("adapter_evaluation/comparison.json"), "precision", "variant"
    )
    challenger = read_challenger_evaluation(home)
    assert to_jsonable_python(challenger.report) == written("adapter_evaluation/challenger.json")
    assert challenger.per_question.num_rows == 80 * 3  # questions, modes
    assert to_jsonable_python(last_card(home)) == renamed(written("precision_card/card.json"), "serving", "runtime")
    assert {**json.loads((home.state / "precision_card.json").read_text()), "card": None} == {
        **written("precision_card/kept.json"),
        "card": None,
    }
    built = [renamed(written(f"quantized_models/{name}.json"), "serving", "runtime") for name in VARIANTS]
    for report in built:  # version 0.1 had one registered model
        report["registered"] = report["registered"] and {**report["registered"], "model": "xnai-encoder"}
    assert to_jsonable_python(model_reports(home)) == built
    for read, name in (
        (read_adapter_report, "lora_adapter"),
        (read_adapted_encoder, "adapted_encoder"),
        (read_training_pairs_report, "training_pairs"),
        (last_drift_report, "drift/report"),
    ):
        assert to_jsonable_python(read(home)) == written(f"{name}.json")
    look = last_look(home)
    assert look
    assert look.looked_ns == written("documents.json")["looked_ns"]
    assert (splits_given(home), lost_labels(home)) == (True, 0)
    calibration = read_set(home)
    assert calibration
    assert len(calibration.chosen) == written("calibration.json")["texts"]
    assert [run.stage for run in history(home.state)][-3:] == ["adapter_evaluation", "promotion_decision", "release"]
    assert (home.state / "drift" / "release_1.npz").read_bytes() == PROFILE


def test_what_people_look_at_stays_under_reports_and_a_second_time_nothing_changes(home: Home):
    moved(home)
    assert content(home.reports).keys() == STAYS
    assert "stages.jsonl" not in content(home.reports)
    before = content(home.root)
    moved(home)
    assert content(home.root) == before


def test_a_new_home_and_one_that_was_moved_have_nothing_to_move(tmp_path: Path):
    home = moved(Home(tmp_path / "home"))
    assert not home.root.exists()
    home.state.mkdir(parents=True)
    shutil.copytree(WRITTEN, home.reports)
    moved(home)
    assert content(home.reports) == content(WRITTEN)
    assert content(home.state).keys() == {"version.json"}


def test_killed_before_the_folder_has_its_name_the_home_is_as_it_was(home: Home, monkeypatch: pytest.MonkeyPatch):
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    before = content(home.reports)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            migrate(home, pytest.fail)
    assert not home.state.exists()
    assert content(home.reports) == before
    (home.root / ".state.partial" / "half.json").write_text("{")
    assert last_evaluation(moved(home))
    assert not (home.state / "half.json").exists()


def test_two_processes_that_open_it_at_once_move_it_once(home: Home):
    start, failures = threading.Barrier(2), []

    def open_it() -> None:
        start.wait()
        try:
            migrate(home, lambda sentence: None)
        except Exception as error:  # noqa: BLE001  whatever it is, it must not happen
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert content(home.reports).keys() == STAYS
    assert last_evaluation(home)


def test_what_is_damaged_is_made_again_and_the_rest_is_kept(home: Home):
    (home.reports / "evaluation" / "report.json").write_text('{"half')
    (home.reports / "documents.json").write_text("[]")
    (home.reports / "adapter_evaluation" / "kept.json").unlink()  # by a run that was killed while it measured
    moved(home)
    assert last_evaluation(home) is None
    assert last_look(home) is None
    assert not (home.state / "comparison.json").exists()
    assert splits_given(home)
    assert len(model_reports(home)) == 3


def test_a_home_that_cannot_be_written_is_left_to_be_read(home: Home, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("xnai_pipelines.state.migration.os.access", lambda *_: False)
    before = content(home.root)
    moved(home)
    assert content(home.root) == before


def test_the_command_line_moves_it_before_it_reads(home: Home):
    said = command(variables(home=home.root), "status")
    assert said.code == 0, said.err
    assert "36 labelled questions of the test split" in " ".join(said.out.split())


def test_dagster_moves_it_before_a_run_or_a_sensor_reads(home: Home):
    stores = StoresResource.of(given_settings(home=home.root))
    with dg.build_resources({"stores": stores}):
        assert last_drift_report(home)
