"""MLflow, as the settings name it."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from xnai_pipelines.models.logged import ModelVersion
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.tracker import MlflowRun, Tracker


class TrackingResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The MLflow tracking store: a server, or SQLite and files under the home."""

    home: str = Field(description="Folder of all state.")
    uri: str | None = Field(default=None, description="Tracking server; unset: mlflow.db under the home.")
    ui_url: str = Field(description="Where people reach the MLflow UI, for links.")

    def tracker(self) -> Tracker:
        """Return the tracker; a server keeps artefacts where it wants."""
        home = Home(Path(self.home))
        if self.uri:
            return Tracker(self.uri, None)
        return Tracker(home.mlflow_uri, home.mlartifacts.as_uri())

    def page(self, logged: MlflowRun | ModelVersion) -> str:
        """Return the address of the page of a run or of a model version."""
        return f"{self.ui_url}/{logged.page}"

    def link(self, logged: MlflowRun | ModelVersion | None) -> dg.UrlMetadataValue | None:
        """Return the link to what was logged; None for what was not."""
        return None if logged is None else dg.MetadataValue.url(self.page(logged))
