"""Dagster's own chart, given our values, starts the pods that the base has, among objects that keep their way open."""

from typing import Any

import pytest
import yaml

from tests.support.manifests import Manifest, kustomized, pods, rendered
from tests.support.pipeline import ROOT

FOLDER = ROOT / "deploy/helm"
VALUES = yaml.safe_load((FOLDER / "values.yaml").read_text())
SUBCHART = VALUES["dagster-user-deployments"]
NAMES = {"code": SUBCHART["nameOverride"], "webserver": VALUES["nameOverride"], "daemon": VALUES["nameOverride"]}
(CODE,) = SUBCHART["deployments"]
GIVEN: dict[str, dict[str, Any]] = {
    "code": CODE,
    "webserver": VALUES["dagsterWebserver"],
    "daemon": VALUES["dagsterDaemon"],
}


@pytest.fixture(scope="module")
def bases() -> dict[str, Manifest]:
    """The specs of the pods that the chart's take the place of."""
    return {pod.owner.rpartition("/")[2]: {"labels": pod.labels, **pod.spec} for pod in pods(rendered("one-node"))}


@pytest.mark.parametrize("part", GIVEN)
def test_a_pod_of_the_chart_is_that_of_the_base(part: str, bases: dict[str, Manifest]) -> None:
    """It has the same instance, settings, secrets, volumes, limits and rights."""
    given, base = GIVEN[part], bases[part]
    (container,) = base["containers"]
    sources = [{"configMapRef": one} for one in given["envConfigMaps"]]
    sources += [{"secretRef": one} for one in given["envSecrets"]]
    assert sources == container["envFrom"]
    assert given["env"] == [one for one in container["env"] if one["name"] != "DAGSTER_CURRENT_IMAGE"]  # of the chart
    assert given["volumes"] == base["volumes"]
    assert given["volumeMounts"] == container["volumeMounts"]
    assert given["resources"] == container["resources"]
    assert given["podSecurityContext"] == base["securityContext"]
    assert given["securityContext"] == container["securityContext"]
    account = given.get("serviceAccount", {}).get("name", VALUES["global"]["serviceAccountName"])
    assert account == base["serviceAccountName"]
    image = given["image"]
    assert f"{image['repository']}:{image['tag']}" == container["image"]


@pytest.mark.parametrize("part", ["webserver", "daemon"])
def test_a_pod_of_the_chart_is_probed_as_that_of_the_base(part: str, bases: dict[str, Manifest]) -> None:
    (container,) = bases[part]["containers"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        given = {name: value for name, value in GIVEN[part][probe].items() if name != "enabled"}
        assert given == container[probe]
    assert GIVEN[part]["startupProbe"]["enabled"]


def test_the_policies_let_the_charts_pods_do_what_the_bases_may(bases: dict[str, Manifest]) -> None:
    """The chart names all its pods alike; a policy that lists names lets the daemon do all that the webserver may."""
    asks = "xnai/asks-cluster"
    for part, given in GIVEN.items():
        assert given.get("labels", {}).get(asks) == bases[part]["labels"].get(asks)
        assert NAMES[part] in bases
    for path in (ROOT / "deploy/kubernetes").rglob("*.yaml"):
        for one in yaml.safe_load_all(path.read_text()):
            if isinstance(one, dict) and one.get("kind") == "NetworkPolicy":
                for names in _listed(one["spec"]):
                    assert ("webserver" in names) <= ("daemon" in names), path


def _listed(node: Any) -> list[list[str]]:
    """Return the names of each list of pods in a policy."""
    if isinstance(node, list):
        return [names for one in node for names in _listed(one)]
    if not isinstance(node, dict):
        return []
    own = [node["values"]] if node.get("key") == "app.kubernetes.io/name" else []
    own += [[node["app.kubernetes.io/name"]]] if "app.kubernetes.io/name" in node else []
    return own + [names for one in node.values() for names in _listed(one)]


def test_the_webserver_and_the_code_server_listen_where_the_base_expects_them(bases: dict[str, Manifest]) -> None:
    ports = {part: bases[part]["containers"][0]["ports"][0]["containerPort"] for part in ("code", "webserver")}
    assert GIVEN["webserver"]["service"]["port"] == ports["webserver"]
    assert CODE["port"] == ports["code"]
    workspace = yaml.safe_load((ROOT / "deploy/kubernetes/base/workspace.yaml").read_text())
    assert CODE["name"] == workspace["load_from"][0]["grpc_server"]["host"]  # the chart's service has the name
    assert GIVEN["webserver"]["workspace"] == {"enabled": True, "servers": [], "externalConfigmap": "dagster-instance"}
    command = bases["code"]["containers"][0]["command"]
    assert " ".join(CODE["dagsterApiGrpcArgs"]) in " ".join(command)


def test_what_the_chart_brings_is_not_applied_and_what_its_pods_refer_to_is() -> None:
    applied = {(one["kind"], one["metadata"]["name"]) for one in kustomized(FOLDER)}
    assert {name for kind, name in applied if kind == "Deployment"} == {"mlflow", "service"}
    assert {name for kind, name in applied if kind == "Service"} == {"mlflow", "service"}
    assert {("ServiceAccount", "dagster"), ("ServiceAccount", "xnai"), ("RoleBinding", "dagster-runs")} <= applied
    for part, given in GIVEN.items():
        for volume in given["volumes"]:
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in applied, part
            if "persistentVolumeClaim" in volume:
                assert ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) in applied, part
    for owner in (VALUES, SUBCHART):
        assert owner["serviceAccount"] == {"create": False}
        assert owner["rbacEnabled"] is False


def test_runs_are_those_of_our_instance_alone() -> None:
    assert CODE["includeConfigInLaunchedRuns"] == {"enabled": False}
    assert "runLauncher" not in VALUES
    homes = {VALUES["global"]["dagsterHome"], *(mount["mountPath"] for mount in CODE["volumeMounts"])}
    assert len(homes) == 1 + len(CODE["volumeMounts"]), "the chart mounts its own instance in a folder of its own"
