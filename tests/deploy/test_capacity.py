"""What docs/operations.md says of the autoscaler and of alerts follows from its table and from the manifests."""

import re
from typing import Any

import pytest
import yaml

from tests.support.documented import ROOT
from tests.support.manifests import KUBERNETES
from xnai_pipelines.serving.configuration import ServiceLimits

PAGE = (ROOT / "docs/operations.md").read_text(encoding="utf-8").partition("## Capacity")[2]
MILLION = 1000  # thousands of passages


def _manifest(path: str, kind: str) -> dict[str, Any]:
    (found,) = (one for one in yaml.safe_load_all((KUBERNETES / path).read_text()) if one["kind"] == kind)
    return dict(found["spec"])


def _threshold(alert: str) -> float:
    (group,) = yaml.safe_load((ROOT / "docker/rules.yaml").read_text())["groups"]
    (expression,) = (rule["expr"] for rule in group["rules"] if rule["alert"] == alert)
    return float(expression.rpartition("> ")[2])


@pytest.fixture
def pod() -> dict[str, float]:
    """Processors that a pod asks for, may use, and searches with."""
    (container,) = _manifest("base/service.yaml", "Deployment")["template"]["spec"]["containers"]
    threads = next(one["value"] for one in container["env"] if one["name"] == "XNAI_THREADS")
    resources = container["resources"]
    assert float(threads) == float(resources["limits"]["cpu"])
    return {"asked": float(resources["requests"]["cpu"]), "limit": float(resources["limits"]["cpu"])}


@pytest.fixture
def search_ms() -> tuple[float, float]:
    """Processor time of a hybrid search: of one in a small home, and per 1,000 passages."""
    (row,) = re.findall(r"^\| hybrid search, one core \| ([\d.]+) ms \+ ([\d.]+) ms per 1,000 passages", PAGE, re.M)
    return float(row[0]), float(row[1])


def test_thresholds_of_the_queue_are_far_from_the_latency_that_raises_an_alert(
    pod: dict[str, float], search_ms: tuple[float, float]
) -> None:
    """The autoscaler acts first, then the queue's alert, then requests are refused; none waits as long as is slow."""
    queue, _ = _manifest("cluster/scaling.yaml", "HorizontalPodAutoscaler")["metrics"]
    waiting = int(queue["pods"]["target"]["averageValue"])
    alert = _threshold("XnaiLongQueue")
    assert waiting < alert < ServiceLimits().queue
    slow_ms = 1000 * _threshold("XnaiSlowSearches")
    here, million = (waiting * (search_ms[0] + search_ms[1] * thousands) / pod["limit"] for thousands in (0, MILLION))
    assert million < slow_ms / 2
    assert alert * search_ms[0] / pod["limit"] < slow_ms
    assert f"those wait {here:.0f} ms, and {million:.0f} ms at a million passages" in " ".join(PAGE.split())


def test_processors_add_a_pod_before_they_are_all_busy(pod: dict[str, float], search_ms: tuple[float, float]) -> None:
    scaler = _manifest("cluster/scaling.yaml", "HorizontalPodAutoscaler")
    used = scaler["metrics"][1]["resource"]["target"]["averageUtilization"] / 100 * pod["asked"]
    assert scaler["metrics"][1] == _manifest("base/service.yaml", "HorizontalPodAutoscaler")["metrics"][0]
    assert 0.5 <= used / pod["limit"] <= 0.7
    most = _manifest("base/service.yaml", "HorizontalPodAutoscaler")["maxReplicas"]
    searches = used * 1000 / search_ms[0]
    said = f"{used:g} of its {pod['limit']:g} processors, {searches:.0f} hybrid searches a second, {most} pods "
    assert f"{said}{round(searches * most, -2):,.0f}" in " ".join(PAGE.split())


def test_rates_of_the_table_are_those_of_its_times() -> None:
    rows = re.findall(r"^\| ([\w, ]+) \| ([\d.]+) \| ([\d,]+) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 6
    for kind, ms, rate in rows:
        assert float(rate.replace(",", "")) == pytest.approx(1000 / float(ms), rel=0.03), kind
