"""Knowledge bases share a code location without sharing a name, a setting or a folder."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from pydantic import ValidationError

from tests.support.pipeline import QUIET, ROOT, base, failures, settled, variables
from tests.support.workplace import link_models
from xnai_pipelines.components import KnowledgeBase
from xnai_pipelines.components.knowledge_base import Chunking, EncoderOptions, GateOptions
from xnai_pipelines.defs.base import Base, Schedules
from xnai_pipelines.defs.knowledge_base import knowledge_base
from xnai_pipelines.defs.runs import HOME_TAG, end_dead_runs
from xnai_pipelines.encoders import encoder
from xnai_pipelines.errors import SettingsError
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.state.claim import GENERATED
from xnai_pipelines.state.layout import Home


def component(name: str = "handbook", **fields: object) -> KnowledgeBase:
    return KnowledgeBase(documents=f"documents/{name}", home=f"state/{name}", key_prefix=name, **fields)


def names(definitions: dg.Definitions) -> dict[str, set[str]]:
    """Return all names that a code location has only once."""
    graph = definitions.resolve_asset_graph()
    return {
        "assets": {key.to_user_string() for key in graph.get_all_asset_keys()},
        "checks": {f"{key.asset_key.to_user_string()}:{key.name}" for key in graph.asset_check_keys},
        "jobs": {job.name for job in definitions.resolve_all_job_defs() if job.name != "__ASSET_JOB"},
        "schedules": {schedule.name for schedule in definitions.schedules},
        "sensors": {sensor.name for sensor in definitions.sensors},
        "resources": set(definitions.resources),
        "groups": {graph.get(key).group_name for key in graph.get_all_asset_keys()},
        "pools": {pool for key in graph.get_all_asset_keys() for pool in graph.get(key).pools or ()},
    }


def test_everything_that_has_a_name_has_it_under_the_prefix(tmp_path):
    with settled(variables(home=tmp_path)):
        plain = names(knowledge_base(base()))
    prefixed = names(knowledge_base(component("team/handbook").base(tmp_path)))
    slashed = {"assets", "checks", "pools"}
    assert prefixed == {
        kind: {("team/handbook/" if kind in slashed else "team__handbook__") + name for name in found}
        for kind, found in plain.items()
    }


def test_group_owners_schedules_and_whether_they_run_are_as_given(tmp_path):
    given = component(
        group="docs", owners=["team:search", "ada@example.org"], running=False, schedules=Schedules(quantization=None)
    )
    definitions = knowledge_base(given.base(tmp_path))
    graph = definitions.resolve_asset_graph()
    nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    assert {node.group_name for node in nodes} == {"docs"}
    assert {tuple(node.owners) for node in nodes} == {("team:search", "ada@example.org")}
    assert {schedule.name for schedule in definitions.schedules} == {
        "handbook__daily_health",
        "handbook__daily_sources",
        "handbook__nightly_evaluation",
        "handbook__nightly_backup",
        "handbook__weekly_maintenance",
        "handbook__weekly_restore_drill",
    }
    assert {schedule.default_status.value for schedule in definitions.schedules} == {"STOPPED"}
    assert {sensor.default_status.value for sensor in definitions.sensors} == {"STOPPED"}


def test_each_asset_is_linked_to_its_function(tmp_path):
    graph = knowledge_base(component().base(tmp_path)).resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        [source] = graph.get(key).metadata["dagster/code_references"].code_references
        line = Path(source.file_path).read_text().splitlines()[source.line_number - 1]
        assert line.startswith(f"def {'quantized_model' if 'quantized_models' in key.path else key.path[-1]}(")


def test_settings_come_from_the_fields_and_not_from_the_environment(tmp_path):
    given = component(
        chunking=Chunking(strategy="sentence", size=64, overlap=8),
        encoder=EncoderOptions(variant="fp32", threads=3),
        gate=GateOptions(max_slice_loss=0.5, approval=True),
        settings={"accuracy_floor": 0.9, "exclude": ["*.tmp"]},
    )
    elsewhere = variables(home=tmp_path / "trap", chunk_size=16, accuracy_floor=0.1, vanish_count=99, encoder="another")
    with settled(elsewhere):
        settings = given.base(tmp_path).settings
    assert (settings.home, settings.documents) == (tmp_path / "state/handbook", tmp_path / "documents/handbook")
    assert settings.chunking.label.startswith("sentence/64/8@")
    assert (settings.variant, settings.threads, settings.encoder) == ("fp32", 3, None)
    assert (settings.gate.max_slice_loss, settings.approval) == (0.5, True)
    assert (settings.accuracy_floor, settings.exclude, settings.vanish_count) == (0.9, ("*.tmp",), 20)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"chunking": Chunking(size=3)}, "chunk_size is 3; it must be a whole number from 16 to 8192"),
        ({"encoder": EncoderOptions(variant="int3")}, "variant is 'int3'; it must be one of fp32"),
        (
            {"settings": {"max_slice_loss": 0.1}},
            "settings.max_slice_loss is the field gate.max_slice_loss of the component",
        ),
        ({"settings": {"encoder": "mine"}}, "settings.encoder is the field encoder.source of the component"),
        ({"settings": {"acuracy_floor": 1}}, "There is no setting 'acuracy_floor'; the nearest is accuracy_floor"),
    ],
    ids=str,
)
def test_a_value_that_is_not_allowed_is_named(tmp_path, fields, message):
    with pytest.raises(SettingsError, match=message):
        component(**fields).base(tmp_path)


def test_relative_paths_among_the_settings_start_at_the_root_too(tmp_path):
    paths = {"sources": "sources.yaml", "reranker": "models/ce", "backup_to": "backups", "mlflow_uri": "http://mlflow"}
    settings = component(settings=paths).base(tmp_path).settings
    assert (settings.sources, settings.reranker) == (tmp_path / "sources.yaml", tmp_path / "models/ce")
    assert (settings.backup_to, settings.mlflow_uri) == (str(tmp_path / "backups"), "http://mlflow")
    bucket = component(settings={"backup_to": "s3://bucket/prefix"}).base(tmp_path).settings
    assert bucket.backup_to == "s3://bucket/prefix"


@pytest.mark.parametrize("prefix", ["employee-handbook", "team.docs", "a//b", "/a", "a/", "a b", "é"])
def test_a_key_prefix_that_dagster_cannot_take_is_refused(prefix):
    with pytest.raises(ValidationError, match="key_prefix"):
        component(prefix)


def test_without_questions_those_of_an_earlier_file_are_not_used_again(tmp_path):
    assert component().base(tmp_path).settings.questions == GENERATED
    assert component(questions="asked.jsonl").base(tmp_path).settings.questions == tmp_path / "asked.jsonl"


def test_nothing_under_defs_or_components_reads_the_settings_of_the_process():
    files = [*(ROOT / "xnai_pipelines/defs").rglob("*.py"), *(ROOT / "xnai_pipelines/components").rglob("*.py")]
    assert len(files) > 15
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "xnai_pipelines.settings":
                assert "settings" not in {alias.name for alias in node.names}, path


@dataclass
class Two:
    """Two knowledge bases with other documents and other encoders in one code location."""

    bases: dict[str, Base]
    definitions: dg.Definitions
    instance: dg.DagsterInstance

    def run(self, job: str) -> dg.ExecuteInProcessResult:
        resolved = self.definitions.resolve_job_def(job)
        return resolved.execute_in_process(instance=self.instance, run_config=QUIET, raise_on_error=False)

    def home(self, name: str) -> Home:
        return self.bases[name].home


@pytest.fixture
def two(tmp_path: Path, built_encoder: encoder.Encoder, fp32_encoder: encoder.Encoder) -> Iterator[Two]:
    given = {"handbook": {}, "wiki": {"encoder": EncoderOptions(variant="fp32"), "chunking": Chunking(size=32)}}
    files = {
        "handbook": ("leave.md", "# Leave\n\nAsk for leave a week before.\n"),
        "wiki": ("rain.txt", "Hail fell.\n"),
    }
    bases = {}
    for name, fields in given.items():
        bases[name] = component(name, **fields).base(tmp_path)
        bases[name].settings.documents.mkdir(parents=True)
        file, text = files[name]
        (bases[name].settings.documents / file).write_text(text)
        link_models(bases[name].home.models, built_encoder, fp32_encoder)
    definitions = dg.Definitions.merge(*(knowledge_base(one) for one in bases.values()))
    with settled(variables(home=tmp_path / "trap")), dg.DagsterInstance.ephemeral() as instance:
        yield Two(bases, definitions, instance)
    assert not (tmp_path / "trap").exists()


@pytest.mark.slow
def test_a_job_of_a_base_makes_that_one_alone(two):
    result = two.run("wiki__ingest")
    assert result.success, failures(result)
    assert all(check.passed for check in result.get_asset_check_evaluations())
    index = SearchIndex.open(two.home("wiki").root)
    assert {hit.source for hit in index.search("hail", 10)} == {"rain.txt"}
    assert not two.home("handbook").lancedb.exists()


@pytest.mark.slow
def test_a_run_of_assets_of_both_picked_by_hand_is_known_as_one_of_theirs(two):
    keys = [two.bases[name].key("documents") for name in two.bases]
    job = two.definitions.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(instance=two.instance, run_config=QUIET, asset_selection=keys)
    assert result.success
    assert two.instance.get_run_by_id(result.run_id).tags[HOME_TAG] in {str(two.home(name).root) for name in two.bases}


@pytest.mark.slow
def test_a_killed_run_is_ended_by_its_own_base_alone(two, monkeypatch):
    monkeypatch.setattr("xnai_pipelines.defs.runs.GRACE_SECONDS", -1.0)
    job = two.definitions.resolve_job_def("wiki__maintain")
    run = two.instance.create_run_for_job(job, tags=job.run_tags, status=dg.DagsterRunStatus.STARTED)

    @dg.job
    def somebody_elses() -> None: ...

    other = two.instance.create_run_for_job(somebody_elses, status=dg.DagsterRunStatus.STARTED)
    assert end_dead_runs(two.instance, two.home("handbook")) == []
    assert end_dead_runs(two.instance, two.home("wiki")) == [run.run_id]
    assert two.instance.get_run_by_id(other.run_id).status is dg.DagsterRunStatus.STARTED
