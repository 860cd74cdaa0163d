"""Where people are told of what went wrong."""

from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from xnai_pipelines.autonomy.alerts.alert import Alert, Delivery
from xnai_pipelines.autonomy.alerts.log import LogSink
from xnai_pipelines.autonomy.alerts.send import send
from xnai_pipelines.autonomy.alerts.webhook import WebhookSink
from xnai_pipelines.settings import settings
from xnai_pipelines.state.layout import Home


class AlertsResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The log of alerts under the home, and the webhook of the settings.

    The webhook's address may hold a secret: it is read from the settings when it is needed, and stands in no config.
    """

    home: str = Field(description="Folder of all state; alerts.jsonl lies in it.")
    ui_url: str = Field(description="Where people reach the Dagster UI, for links.")
    _webhook: WebhookSink | None = PrivateAttr(default=None)

    def tell(self, alert: Alert) -> tuple[Delivery, ...]:
        """Send the alert; a delivery that fails is logged and never raises."""
        address = settings().webhook
        if address is not None and self._webhook is None:
            self._webhook = WebhookSink(address.get_secret_value())
        return send(alert, LogSink(Home(Path(self.home)).alerts), self._webhook)

    def run_page(self, run_id: str) -> str:
        """Return the address of a run's page."""
        return f"{self.ui_url}/runs/{run_id}"
