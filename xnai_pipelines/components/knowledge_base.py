"""The component `KnowledgeBase`: a folder of documents as a searchable, measured index."""

import re
from pathlib import Path
from typing import Any, get_args

import dagster as dg
from pydantic import BaseModel, Field

from xnai_pipelines.chunks.spec import Strategy
from xnai_pipelines.components.scaffold import write_defs
from xnai_pipelines.defs.base import Base, Schedules
from xnai_pipelines.defs.knowledge_base import knowledge_base
from xnai_pipelines.environment import send_nothing
from xnai_pipelines.errors import SettingsError
from xnai_pipelines.settings import Settings, given_settings
from xnai_pipelines.state.claim import GENERATED

# Dagster's names of ops and resources; a resource's name is a parameter's as well.
KEY_PREFIX = r"^[A-Za-z0-9_]+(/[A-Za-z0-9_]+)*$"


def _setting(name: str) -> Any:
    """Return the field of a setting, with its description and default."""
    field = Settings.model_fields[name]
    return Field(default=field.default, description=field.description)


class Chunking(dg.Model, dg.Resolvable):
    """How documents are cut into passages."""

    strategy: Strategy = _setting("chunk_strategy")
    size: int = _setting("chunk_size")
    overlap: int = _setting("chunk_overlap")


class EncoderOptions(dg.Model, dg.Resolvable):
    """The sentence encoder."""

    source: str | None = _setting("encoder")
    variant: str | None = _setting("variant")
    threads: int | None = Field(default=None, description="Processor threads that it uses. Unset: all.")


class GateOptions(dg.Model, dg.Resolvable):
    """Limits that a retrained encoder must meet before it answers searches."""

    max_overall_loss: float = _setting("max_overall_loss")
    max_slice_loss: float = _setting("max_slice_loss")
    max_search_ms: float = _setting("max_search_ms")
    max_shipped_mb: float | None = _setting("max_shipped_mb")
    approval: bool = Field(default=False, description="Whether a person must approve promotions: the job `approve`.")


class ScaffoldParams(BaseModel):
    """What `dg scaffold defs` may be given."""

    documents: str | None = Field(default=None, description="Folder of documents.")
    questions: str | None = Field(default=None, description="Labelled questions.")


class KnowledgeBaseScaffolder(dg.Scaffolder[ScaffoldParams]):
    """Writes a `defs.yaml` with every field, under the name of the component's folder."""

    @classmethod
    def get_scaffold_params(cls) -> type[ScaffoldParams]:
        """Return what the command may be given."""
        return ScaffoldParams

    def scaffold(self, request: dg.ScaffoldRequest[ScaffoldParams]) -> None:
        """Write the file."""
        name = (request.target_path.parent if request.append else request.target_path).name
        given = {
            "documents": request.params.documents or f"documents/{name}",
            "questions": request.params.questions,
            "home": f".xnai/{name}",
            "key_prefix": re.sub(r"\W", "_", name, flags=re.ASCII),
        }
        write_defs(request, KnowledgeBase, given)


@dg.scaffold_with(KnowledgeBaseScaffolder)
class KnowledgeBase(dg.Component, dg.Model, dg.Resolvable):
    """A folder of documents as a searchable, measured index, kept up to date.

    Adds the assets from documents to releases with their checks, and the jobs, schedules and sensors that run them, all
    under `key_prefix`. Several knowledge bases can share a project: each has its own folder of state.
    """

    documents: str = Field(
        description="Folder of documents, read recursively. This and other relative paths start at the root of the "
        "project."
    )
    questions: str | None = Field(
        default=None,
        description="Labelled questions: a BEIR folder, or a JSONL file of `question` and `documents`. Unset: "
        "questions are generated from the documents.",
    )
    home: str = Field(
        description="Folder of all state: tables, models, reports, MLflow's storage. Each knowledge base needs its "
        "own; keep it out of version control."
    )
    key_prefix: str | None = Field(
        default=None,
        pattern=KEY_PREFIX,
        description="First part of every asset key, and of the names of jobs, schedules and sensors: letters, digits "
        "and underscores; slashes separate several parts. Unset: none, for the only knowledge base of a project.",
    )
    group: str | None = Field(
        default=None,
        description="Group of all assets. Unset: groups for ingest, evaluation, models, adaptation and promotion.",
    )
    owners: list[str] = Field(default=[], description="Owners of all assets: email addresses, or team:name.")
    chunking: Chunking = Field(default=Chunking(), description="How documents are cut into passages.")
    encoder: EncoderOptions = Field(default=EncoderOptions(), description="The sentence encoder.")
    gate: GateOptions = Field(
        default=GateOptions(), description="Limits that a retrained encoder must meet before it answers searches."
    )
    schedules: Schedules = Field(
        default=Schedules(), description="When the scheduled jobs run, as cron expressions; null leaves one out."
    )
    running: bool = Field(
        default=True, description="Whether schedules and sensors run as soon as the project is first loaded."
    )
    settings: dict[str, Any] = Field(
        default={},
        description="Other settings by name, such as `accuracy_floor: 0.8` or `mlflow_uri`; see the page Settings.",
    )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the definitions of the knowledge base."""
        send_nothing()
        return knowledge_base(self.base(context.project_root))

    def base(self, root: Path) -> Base:
        """Return what the definitions are built from; relative paths start at `root`."""
        return Base(
            settings=self.resolved_settings(root),
            prefix=tuple(self.key_prefix.split("/")) if self.key_prefix else (),
            group=self.group,
            owners=tuple(self.owners),
            schedules=self.schedules,
            running=self.running,
        )

    def resolved_settings(self, root: Path) -> Settings:
        """Return the settings that the fields describe; relative paths start at `root`. The environment is not read.

        Raises:
            SettingsError: A value is not allowed, or `settings` names what a field sets; the message names it.
        """
        fields: dict[str, tuple[str, Any]] = {
            "home": ("home", _from(root, self.home)),
            "documents": ("documents", _from(root, self.documents)),
            "questions": ("questions", GENERATED if self.questions is None else _from(root, self.questions)),
            "chunk_strategy": ("chunking.strategy", self.chunking.strategy),
            "chunk_size": ("chunking.size", self.chunking.size),
            "chunk_overlap": ("chunking.overlap", self.chunking.overlap),
            "encoder": ("encoder.source", self._encoder(root)),
            "variant": ("encoder.variant", self.encoder.variant),
            **({} if self.encoder.threads is None else {"threads": ("encoder.threads", self.encoder.threads)}),
            **{name: (f"gate.{name}", value) for name, value in self.gate.model_dump().items()},
        }
        for name in self.settings:
            if name in fields:
                raise SettingsError(
                    f"settings.{name} is the field {fields[name][0]} of the component. Set that instead."
                )
        others = {
            name: str(_from(root, value)) if isinstance(value, str) and _is_path(name, value) else value
            for name, value in self.settings.items()
        }
        return given_settings(**{name: value for name, (_, value) in fields.items()}, **others)

    def _encoder(self, root: Path) -> str | None:
        """Return the encoder's folder, or its name if there is no such folder."""
        folder = None if self.encoder.source is None else _from(root, self.encoder.source)
        return str(folder) if folder is not None and folder.is_dir() else self.encoder.source


def _from(root: Path, path: str) -> Path:
    return root / Path(path).expanduser()


def _is_path(setting: str, value: str) -> bool:
    """Return whether the value of a setting is a path."""
    field = Settings.model_fields.get(setting)
    return (field is not None and _names_path(field.annotation)) or (setting == "backup_to" and "://" not in value)


def _names_path(annotation: object) -> bool:
    return annotation is Path or any(_names_path(part) for part in get_args(annotation))
