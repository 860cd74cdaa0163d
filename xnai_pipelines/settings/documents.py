"""Documents: where they come from, what is refused, and when they count as healthy."""

from pathlib import Path

from pydantic import BaseModel, Field

from xnai_pipelines.documents.health.rules import HealthRules
from xnai_pipelines.settings.kinds import AbsolutePath, Names


class DocumentSettings(BaseModel):
    """Documents: where they come from, what is refused, and when they count as healthy."""

    home: AbsolutePath = Field(
        default_factory=lambda: Path(".xnai").absolute(),
        description="Folder of all state: tables, models, reports, Dagster's and MLflow's storage.",
    )
    documents: AbsolutePath | None = Field(
        default=None,
        description="Folder of documents, read recursively. Unset: the folder that the home is bound to, "
        "else the sample.",
    )
    sources: AbsolutePath | None = Field(
        default=None,
        description="File that lists other sources of documents: repositories, buckets, sites. Unset: `sources.yaml` "
        "in the documents folder, if there is one.",
    )
    private_hosts: Names = Field(
        default=(),
        description="Hosts that a crawl may reach at private addresses, separated by commas. All others must have "
        "public ones.",
    )
    exclude: Names = Field(
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
    ocr_languages: str | None = Field(
        default=None,
        description="Languages of scanned pages, as tesseract names them, such as eng+deu. Unset: pages that are "
        "pictures are counted, not read.",
    )
    notebook_outputs: bool = Field(
        default=False, description="Whether to read the outputs of notebook cells. Off: they are counted."
    )
    vanish_share: float = Field(
        default=0.3,
        gt=0,
        le=1,
        description="A run is refused if it would delete more than this share of the documents and more than "
        "`XNAI_VANISH_COUNT` of them.",
    )
    vanish_count: int = Field(default=20, ge=0, description="See `XNAI_VANISH_SHARE`.")
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

    @property
    def health(self) -> HealthRules:
        """The limits below which a document counts as unhealthy."""
        return HealthRules(
            stale_days=self.health_stale_days,
            quality=self.health_quality,
            freshness=self.health_freshness,
            external_links=self.health_external_links,
        )
