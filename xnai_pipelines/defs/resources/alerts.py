"""Where people are told of what went wrong."""

from pathlib import Path

import dagster as dg
from pydantic import Field, SecretStr

from xnai_pipelines.autonomy.alerts.alert import Alert, Delivery
from xnai_pipelines.autonomy.alerts.log import LogSink
from xnai_pipelines.autonomy.alerts.send import send
from xnai_pipelines.autonomy.alerts.webhook import WebhookSink
from xnai_pipelines.state.layout import Home


class AlertsResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The log of alerts under the home, and a webhook."""

    home: str = Field(description="Folder of all state; alerts.jsonl lies in it.")
    ui_url: str = Field(description="Where people reach the Dagster UI, for links.")

    def tell(self, alert: Alert, webhook: SecretStr | None) -> tuple[Delivery, ...]:
        """Send the alert; a delivery that fails is logged and never raises.

        The webhook's address may hold a secret: it is passed in, because the UI shows the config of resources.
        """
        sink = None if webhook is None else WebhookSink(webhook.get_secret_value())
        return send(alert, LogSink(Home(Path(self.home)).alerts), sink)

    def run_page(self, run_id: str) -> str:
        """Return the address of a run's page."""
        return f"{self.ui_url}/runs/{run_id}"
