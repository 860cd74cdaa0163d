"""Write the generated tables of docs/: settings, assets, checks, commands and the parts of a home.

Run `python docs/tables.py` after a change to one of them; a test compares the pages with what this writes.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

PAGES = Path(__file__).resolve().parent

# Defaults that depend on the machine or are long.
SHOWN = {
    "home": "`.xnai`",
    "threads": "all processors",
    "compute_workers": "all processors",
    "training": "",
}
FOR_TESTS = {"kill_after_commits"}
VARIANTS = "One variant of the encoder per asset."

STORED = {
    "mirrored_sources": "`sources/`",
    "crawled_pages": "`sources/`",
    "documents": "LanceDB `documents`, `quarantine`, `files`",
    "document_health": "`state/document_health.json`, `state/document_health_history.json`",
    "chunks": "LanceDB `chunks`",
    "embeddings": "LanceDB `embeddings_*`",
    "mentions": "LanceDB `mentions`, `extractions`, `recognised`",
    "entities": "LanceDB `entities`",
    "relations": "LanceDB `relations`, `occurrences`",
    "communities": "LanceDB `communities`",
    "questions": "LanceDB `questions`",
    "ranking_policy": "`releases/N.json`",
    "retrieval_evaluation": "`state/evaluation.json`, MLflow `xnai/retrieval`",
    "graph_evaluation": "`state/graph_evaluation.json`, MLflow `xnai/graph`",
    "answer_evaluation": "`state/answers.json`, `state/refusal_policies/`, MLflow `xnai/answers`",
    "language_model_evaluation": "`state/language_model_evaluation.json`, MLflow `xnai/answers`",
    "drift_report": "`state/drift/`",
    "encoder_onnx": "`models/`",
    "calibration_texts": "`state/calibration.parquet`, ids only",
    "quantized_models/*": "`models/`, MLflow `xnai-encoder`",
    "precision_card": "`state/precision_card.json`, MLflow `xnai/quantization`",
    "candidate_encoder": "`releases/candidate.json`",
    "encoder_card": "`state/encoder_card.json`",
    "training_pairs": "LanceDB `training_pairs`",
    "lora_adapter": "`adapters/`, MLflow `xnai/adaptation`",
    "adapted_encoder": "`adapters/merged/`, `models/`",
    "challenger_index": "LanceDB `embeddings_*`",
    "adapter_evaluation": "`state/comparison.json`",
    "promotion_decision": "`releases/decisions/`, MLflow",
    "release": "`releases/`, aliases of `xnai-encoder`",
    "home_backup": "`XNAI_BACKUP_TO`",
    "restore_drill": "`state/restore_drills.json`",
}

WITHIN = {"decisions"}  # a part of another part
FILES = {"vector_cache", "mlflow_uri", "alerts"}
# What happens without a part of a home; of all others something is lost.
DELETED = {
    "index": "yes, the next run makes it again",
    "unpacked": "yes, while no run reads",
    "shards": "yes, while no run writes",
    "models": "yes, the next run builds the released encoder again; other variants are lost",
    "rerankers": "yes, the next run exports again",
    "dagster": "loses the history of runs",
    "vector_cache": "yes, the next run encodes again",
    "reports": "yes",
    "alerts": "yes",
    "logs": "yes",
    "answers": "then `xnai replay` has nothing to replay",
    "access": "loses the record of who asked",
    "sample": "yes, `xnai sample` writes it again",
}


def _default(value: object) -> str:
    """Return a default as a person writes it: a variable and YAML say `true`."""
    if value in (None, (), [], {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def settings_table() -> str:
    """Return every setting with its default and meaning, a section for each group."""
    from xnai_pipelines.settings import Settings

    sections = []
    for group in Settings.__bases__[:-1]:  # the last is pydantic's
        rows = []
        for name in group.model_fields:
            field = Settings.model_fields[name]
            if name not in FOR_TESTS:
                shown = SHOWN.get(name, _default(field.default))
                rows.append((f"`XNAI_{name.upper()}`", shown, field.description or ""))
        sections.append(f"## {(group.__doc__ or '').rstrip('.')}\n\n{table(('variable', 'default', 'meaning'), rows)}")
    return "\n\n".join(sections)


def assets_table() -> str:
    """Return every asset with what it holds, what it reads and where it is stored; the variants share a row."""
    from xnai_pipelines.definitions import defs

    reads: dict[str, set[str]] = {}
    shown: dict[str, tuple[str, str]] = {}
    for spec in defs().resolve_all_asset_specs():
        name, variant = _shown(spec.key.path), len(spec.key.path) > 1
        reads.setdefault(name, set()).update(_shown(dependency.asset_key.path) for dependency in spec.deps)
        shown[name] = (spec.group_name or "", VARIANTS if variant else _sentence(spec.description))
    rows = [
        (f"`{name}`", *shown[name], ", ".join(f"`{read}`" for read in sorted(reads[name])), STORED[name])
        for name in sorted(shown, key=list(STORED).index)
    ]
    return table(("asset", "group", "what it holds", "reads", "stored in"), rows)


def checks_table() -> str:
    """Return every asset check; those of the variants share a row."""
    from xnai_pipelines.definitions import defs

    rows: dict[tuple[str, str], tuple[str, ...]] = {}
    for checks in defs().asset_checks or ():
        for spec in checks.check_specs:
            asset = _shown(spec.asset_key.path)
            blocking = "yes" if spec.blocking else ""
            rows[asset, spec.name] = (f"`{asset}`", f"`{spec.name}`", _sentence(spec.description), blocking)
    ordered = sorted(rows, key=lambda key: (list(STORED).index(key[0]), key[1]))
    return table(("asset", "check", "passes if", "blocking"), [rows[key] for key in ordered])


def commands_table() -> str:
    """Return every command with the first sentence of its help."""
    import typer

    from xnai_pipelines.cli import app

    group = typer.main.get_command(app)
    commands: Mapping[str, object] = group.commands  # type: ignore[attr-defined]
    rows = [(f"`xnai {name}`", _sentence(getattr(command, "help", ""))) for name, command in sorted(commands.items())]
    return table(("command", "what it does"), rows)


def component_table() -> str:
    """Return the fields of the component KnowledgeBase; fields of a field are named after a point."""
    from xnai_pipelines.components import KnowledgeBase

    rows = []
    for name, field in KnowledgeBase.model_fields.items():
        default = field.get_default(call_default_factory=True)
        nested = getattr(type(default), "model_fields", {})
        plain = "" if field.is_required() or nested else _default(default)
        rows.append((f"`{name}`", "required" if field.is_required() else plain, _sentence(field.description)))
        for inner, inner_field in nested.items():
            shown = _default(inner_field.default)
            rows.append((f"`{name}.{inner}`", shown, _sentence(inner_field.description)))
    return table(("field", "default", "meaning"), rows)


def state_table() -> str:
    """Return every part of a home, what it holds, and what is lost without it."""
    from xnai_pipelines.state.layout import Home

    root, rows = Path("home"), []
    for name, parts in vars(Home).items():
        if not isinstance(parts, property) or name in WITHIN:
            continue
        place = getattr(Home(root), name)
        shown = "mlflow.db" if name == "mlflow_uri" else place.relative_to(root).as_posix()
        folder = name not in FILES
        lost = DELETED.get(name, "no")
        rows.append((f"`{shown}/`" if folder else f"`{shown}`", _sentence(parts.__doc__).rstrip("."), lost))
    return table(("path", "content", "may be deleted"), rows)


TABLES: Mapping[str, tuple[str, Callable[[], str]]] = {
    **({"component": ("component.md", component_table)} if find_spec("xnai_pipelines.components") else {}),
    "settings": ("settings.md", settings_table),
    "assets": ("assets.md", assets_table),
    "checks": ("assets.md", checks_table),
    "commands": ("commands.md", commands_table),
    "state": ("operations.md", state_table),
}


def between(text: str, name: str) -> str:
    """Return what a page has between the markers of a table."""
    return text.split(f"<!-- {name} -->")[1].split(f"<!-- /{name} -->")[0].strip()


def main() -> None:
    """Write all tables into their pages."""
    for name, (page, make) in TABLES.items():
        path = PAGES / page
        before, _, rest = path.read_text(encoding="utf-8").partition(f"<!-- {name} -->")
        _, _, after = rest.partition(f"<!-- /{name} -->")
        path.write_text(f"{before}<!-- {name} -->\n{make()}\n<!-- /{name} -->{after}", encoding="utf-8")


def _shown(path: Sequence[str]) -> str:
    return path[0] if len(path) == 1 else f"{path[0]}/*"


def _sentence(text: str | None) -> str:
    """Return the first paragraph on one line."""
    return re.sub(r"\s+", " ", (text or "").split("\n\n")[0]).strip().replace("|", "\\|")


if __name__ == "__main__":
    main()
