"""Servers: addresses, limits and storage."""

from pathlib import Path

from pydantic import BaseModel, Field, SecretStr, field_validator

from xnai_pipelines.serving.configuration import ServiceConfiguration, ServiceLimits
from xnai_pipelines.serving.issuer import Algorithm, Issuer, is_safe
from xnai_pipelines.settings.kinds import AbsolutePath, BucketUrl, Names, Networks


class ServerSettings(BaseModel):
    """Servers: addresses, limits and storage."""

    host: str = Field(default="127.0.0.1", description="Address on which the user interfaces listen.")
    dagster_port: int = Field(default=3000, ge=1, le=65535, description="Port of the Dagster UI.")
    mlflow_port: int = Field(default=5000, ge=1, le=65535, description="Port of the MLflow UI.")
    code_port: int = Field(default=4266, ge=1, le=65535, description="Port of the Dagster code server.")
    service_port: int = Field(default=8080, ge=1, le=65535, description="Port of the service, `xnai serve`.")
    service_names: Names = Field(
        default=(), description="Host names that requests to the service may use, separated by commas."
    )
    trusted_proxies: Networks = Field(
        default=(),
        description="Addresses and networks of proxies in front of the service, separated by commas. Only their "
        "`X-Forwarded-For` and `X-Forwarded-Proto` are read.",
    )
    requests_per_minute: int = Field(
        default=100, ge=1, description="Max requests to the service per minute, by one caller and from one address."
    )
    request_seconds: float = Field(default=10.0, gt=0, description="Max time of one request to the service.")
    access_log_days: int = Field(
        default=90, ge=1, le=36_500, description="Days of the access log to keep; maintenance removes older ones."
    )
    redis_url: SecretStr | None = Field(
        default=None,
        description="Redis server that shares results between processes of the service (extra `redis`), such as "
        "redis://127.0.0.1:6379/0. Unset: each process keeps its own.",
    )
    oidc_issuer: str | None = Field(
        default=None,
        description="OpenID Connect issuer whose tokens (JWT) the service accepts beside its own, spelled as in "
        "the tokens.",
    )
    oidc_audience: str = Field(default="xnai", description="Audience that tokens of the issuer must have.")
    oidc_algorithm: Algorithm = Field(default="RS256", description="Accepted signature algorithm of these tokens.")
    oidc_groups_claim: str = Field(default="groups", description="Claim of the caller's groups.")
    oidc_admin_group: str | None = Field(
        default=None, description="Group that has the scope admin after a sign-in with two factors (`amr`: `mfa`)."
    )
    tls_certificate: Path | None = Field(default=None, description="Certificate of the service for TLS, PEM.")
    tls_key: Path | None = Field(default=None, description="Private key of the certificate, PEM.")
    mlflow_uri: str | None = Field(
        default=None,
        description="MLflow tracking server; several homes can share it. Unset: SQLite and files in the home.",
    )
    mlflow_ui: str | None = Field(
        default=None, description="URL of the MLflow UI for links. Unset: the tracking server or port above."
    )
    lancedb_uri: BucketUrl | None = Field(
        default=None,
        description="`s3://BUCKET/PREFIX` of the tables, one prefix for each home. Unset: where the home recorded "
        "them, else in the home.",
    )
    follow: BucketUrl | None = Field(
        default=None,
        description="`s3://BUCKET/PREFIX` of another home's tables: `xnai serve` copies the release that it shares "
        "there into this home, and serves it. Unset: it serves this home's own release.",
    )
    dagster_home: AbsolutePath | None = Field(
        default=None,
        description="Folder with your own dagster.yaml, used as DAGSTER_HOME. Unset: dagster/ in the home.",
    )
    kill_after_commits: int | None = Field(
        default=None, ge=1, description="For tests: the process kills itself after this many table commits."
    )

    @property
    def mlflow_ui_url(self) -> str:
        """Where people reach the MLflow UI."""
        return self.mlflow_ui or self.mlflow_uri or f"http://{self.host}:{self.mlflow_port}"

    @property
    def service_url(self) -> str:
        """Where people reach the service."""
        return f"{'https' if self.tls_certificate else 'http'}://{self.host}:{self.service_port}"

    @field_validator("oidc_issuer")
    @classmethod
    def _is_safe(cls, issuer: str | None) -> str | None:
        if issuer is not None and not is_safe(issuer):
            raise ValueError("it must be an https address, or one of this machine")
        return issuer

    def _issuer(self) -> Issuer | None:
        if self.oidc_issuer is None:
            return None
        return Issuer(
            self.oidc_issuer, self.oidc_audience, self.oidc_algorithm, self.oidc_groups_claim, self.oidc_admin_group
        )

    @property
    def service(self) -> ServiceConfiguration:
        """What the service is told."""
        return ServiceConfiguration(
            host=self.host,
            port=self.service_port,
            names=self.service_names,
            proxies=self.trusted_proxies,
            limits=ServiceLimits(requests_per_minute=self.requests_per_minute, seconds=self.request_seconds),
            redis=self.redis_url,
            issuer=self._issuer(),
            certificate=self.tls_certificate,
            key=self.tls_key,
            follow=self.follow,
        )
