"""What README.md and docs/ say is so: their tables, their pictures, their lists."""

import importlib.util
import json
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from tests.support.documented import PAGES, ROOT, difference

README = (ROOT / "README.md").read_text(encoding="utf-8")


def _script(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


TABLES = _script("docs/tables.py")


@pytest.mark.parametrize("name", TABLES.TABLES)
def test_a_generated_table_is_what_the_code_says(name):
    page, make = TABLES.TABLES[name]
    shown = TABLES.between((ROOT / "docs" / page).read_text(encoding="utf-8"), name)
    assert shown == make(), "Run `python docs/tables.py`."


def test_the_table_of_assets_names_records_that_the_code_writes():
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "xnai_pipelines").rglob("*.py"))
    named = re.findall(r"`(state|reports)/([\w.]+)", " ".join(TABLES.STORED.values()))
    assert named
    assert [name for folder, name in named if f'.{folder} / "{name}"' not in code] == []


def test_the_picture_is_what_the_script_draws():
    architecture = _script("docs/figures/architecture.py")
    assert architecture.TARGET.read_text(encoding="utf-8") == architecture.draw(), "Run docs/figures/architecture.py."


def test_the_picture_shows_every_asset():
    shown = {box.name for box in _script("docs/figures/architecture.py").BOXES if not box.outside}
    graph = json.loads((ROOT / "tests/defs/graph.json").read_text(encoding="utf-8"))
    assets = {f"{key.split('/')[0]}/*" if "/" in key else key for key in graph["assets"]}
    on_no_arrow = {"drift_report", "document_health", "home_backup", "restore_drill", "language_model_evaluation"}
    assert shown == assets - on_no_arrow


def test_the_photographed_lineage_has_every_group():
    graph = json.loads((ROOT / "tests/defs/graph.json").read_text(encoding="utf-8"))
    groups = {asset["group"] for asset in graph["assets"].values()}
    assert set(_script("docs/figures/screens.py").GROUPS) == groups, "Take the pictures again: docs/figures/screens.py."


@pytest.mark.parametrize("kind", ["jobs", "schedules", "sensors"])
def test_operations_names_every_job_schedule_and_sensor(kind):
    operations = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    graph = json.loads((ROOT / "tests/defs/graph.json").read_text(encoding="utf-8"))
    assert [name for name in graph[kind] if f"`{name}`" not in operations] == []


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 150


def test_every_page_is_in_the_navigation_and_every_link_of_the_readme_leads_somewhere():
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [page.name for page in PAGES[1:] if page.name not in navigation] == []
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_installation_page_names_every_extra_for_users():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    page = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    assert [extra for extra in extras if extra not in ("dev", "docs", "bench") and f"| `{extra}` |" not in page] == []


def test_the_architecture_page_lists_the_folders_in_the_order_of_the_layer_contract():
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    contract = tools["importlinter"]["contracts"][0]
    layers = [name.strip() for layer in contract["layers"] for name in layer.split("|")]
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rows = page.split("| folder | content |")[1].split("\n\n")[0].splitlines()[2:]
    listed = [name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert listed == layers


def test_no_product_may_import_dagster():
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    order, dagster, *_ = tools["importlinter"]["contracts"]
    folders = {name.strip() for layer in order["layers"] for name in layer.split("|")}
    faces = {"cli", "definitions", "components", "defs"}
    assert sorted(dagster["source_modules"]) == sorted(f"xnai_pipelines.{name}" for name in folders - faces)


def test_the_first_page_says_what_the_readme_says():
    assert README.split("\n\n")[1] in (ROOT / "docs/index.md").read_text(encoding="utf-8")


def test_every_setting_that_opens_a_connection_is_on_the_page_of_security():
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    table = page.split("## What leaves the machine")[1].split("## ")[0]
    kinds = re.compile(r"_(URL|URI|ADDRESS|ISSUER|WEBHOOK|TO|LINKS|ENCODER|SOURCES)\b")
    variables = re.findall(r"\| `(XNAI_\w+)`", (ROOT / "docs/settings.md").read_text(encoding="utf-8"))
    assert [name for name in variables if kinds.search(name) and f"`{name}`" not in table] == []


def test_mkdocs_is_strict():
    assert yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["strict"] is True


@pytest.mark.parametrize(
    ("claimed", "printed", "same"),
    [
        ("hybrid 0.708", "hybrid   0.711\n", True),
        ("hybrid 0.708", "hybrid 0.808", False),
        ("took 3 s", "took 12 s", True),
        ("a.md [0:12]", "a.md [7:190]", True),
        ("shutil.md", "mailbox.md", False),
        ("one\n...\nfour", "one two three four", True),
        ("one\n...\nfour", "one two three", False),
    ],
)
def test_a_claimed_output_agrees_in_words_and_nearly_in_figures(claimed, printed, same):
    assert (difference(claimed, printed) is None) is same
