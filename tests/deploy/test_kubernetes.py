"""The manifests are valid, keep the policy, fit each other, and match what the code and the compose file expect."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from dagster._core.instance.ref import InstanceRef

from tests.support.manifests import KUBERNETES, OVERLAYS, Manifest, Pod, pods, rendered, violations
from tests.support.pipeline import ROOT
from xnai_pipelines.serving.configuration import ServiceLimits

SCHEMAS = "1.37.0"
ANY: list[dict[str, Any]] = [{"podSelector": {}}]  # what a rule without a side means
RUN_IMAGE = KUBERNETES / "overlays/production/run-image.yaml"
OWN_KINDS = ("ServiceMonitor", "PrometheusRule")  # of the Prometheus operator, which Kubernetes has no schemas of


@pytest.fixture(scope="session")
def overlays() -> dict[str, list[Manifest]]:
    return {overlay: rendered(overlay) for overlay in OVERLAYS}


@pytest.fixture(params=OVERLAYS)
def manifests(request: pytest.FixtureRequest, overlays: dict[str, list[Manifest]]) -> list[Manifest]:
    return overlays[request.param]


@pytest.fixture
def production(overlays: dict[str, list[Manifest]]) -> list[Manifest]:
    return overlays["production"]


def _named(manifests: list[Manifest], kind: str, name: str = "service") -> Manifest:
    (found,) = (one for one in manifests if (one["kind"], one["metadata"]["name"]) == (kind, name))
    return found


def _of_kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    return [one for one in manifests if one["kind"] in kinds]


def _selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Return whether a label selector of `matchLabels` and `matchExpressions` with In selects the labels."""
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(rule["key"]) in rule["values"] for rule in selector.get("matchExpressions", [])
    )


@pytest.mark.slow
def test_every_object_is_valid_for_kubernetes(overlays: dict[str, list[Manifest]]) -> None:
    distinct = {json.dumps(one, sort_keys=True) for manifests in overlays.values() for one in manifests}
    for one in map(json.loads, distinct):
        if one["kind"] not in OWN_KINDS:
            kubernetes_validate.validate(one, SCHEMAS, strict=True)


def test_every_object_is_in_the_namespace(manifests: list[Manifest]) -> None:
    assert {one["metadata"].get("namespace", "xnai") for one in manifests} == {"xnai"}


def test_every_pod_keeps_the_policy_that_of_a_run_too(manifests: list[Manifest]) -> None:
    assert {pod.owner: violations(pod) for pod in pods(manifests) if violations(pod)} == {}


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda pod: pod["securityContext"].pop("runAsNonRoot"), "may run as root"),
        (lambda pod: pod.pop("enableServiceLinks"), "gets variables of all services"),
        (lambda pod: pod.update(hostNetwork=True), "shares a namespace of the node"),
        (lambda pod: pod["containers"][0].pop("securityContext"), "writable root file system"),
        (lambda pod: pod["containers"][0]["resources"]["limits"].pop("memory"), "no limits"),
        (lambda pod: pod["containers"][0].pop("livenessProbe"), "no livenessProbe"),
        (lambda pod: pod["containers"][0].update(image="host:5000/xnai"), "image without a version"),
        (lambda pod: pod["containers"][0].update(image="xnai:latest"), "image without a version"),
        (lambda pod: pod["containers"][0]["env"].append({"name": "A_TOKEN", "value": "x"}), "A_TOKEN holds a secret"),
    ],
)
def test_the_policy_finds(damage: Callable[[dict[str, Any]], object], fault: str, production: list[Manifest]) -> None:
    spec = copy.deepcopy(_named(production, "Deployment")["spec"]["template"]["spec"])
    damage(spec)
    assert fault in " ".join(violations(Pod("damaged", {}, spec, serves=True)))


def test_secrets_are_referred_to_and_never_written(manifests: list[Manifest]) -> None:
    assert _of_kind(manifests, "Secret") == []


def test_what_a_pod_refers_to_exists(manifests: list[Manifest]) -> None:
    names = {
        kind: {one["metadata"]["name"] for one in _of_kind(manifests, kind)}
        for kind in (
            "ConfigMap",
            "PersistentVolumeClaim",
            "ServiceAccount",
        )
    }
    for pod in pods(manifests):
        assert pod.spec["serviceAccountName"] in names["ServiceAccount"], pod.owner
        for volume in pod.spec["volumes"]:
            if "configMap" in volume:
                assert volume["configMap"]["name"] in names["ConfigMap"], pod.owner
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in names["PersistentVolumeClaim"], pod.owner
        for source in (source for one in pod.spec["containers"] for source in one.get("envFrom", [])):
            if "configMapRef" in source:
                assert source["configMapRef"]["name"] in names["ConfigMap"], pod.owner


def test_images_of_a_private_registry_can_be_pulled(manifests: list[Manifest]) -> None:
    """A registry makes a new package private; the secret belongs to the accounts, so that pods of runs use it too."""
    accounts = _of_kind(manifests, "ServiceAccount")
    assert {one["metadata"]["name"] for one in accounts} == {"xnai", "dagster"}
    assert all(one["imagePullSecrets"] == [{"name": "xnai-registry"}] for one in accounts)


def test_no_pod_but_those_that_start_runs_may_ask_the_cluster(manifests: list[Manifest]) -> None:
    assert _named(manifests, "ServiceAccount", "xnai")["automountServiceAccountToken"] is False
    asking = {pod.owner for pod in pods(manifests) if pod.spec["serviceAccountName"] != "xnai"}
    assert asking == {"Deployment/daemon", "Deployment/webserver"}


def test_a_service_leads_to_a_port_of_a_pod(manifests: list[Manifest]) -> None:
    for service in _of_kind(manifests, "Service"):
        behind = [pod for pod in pods(manifests) if service["spec"]["selector"].items() <= pod.labels.items()]
        ports = {port["name"] for pod in behind for one in pod.spec["containers"] for port in one["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports, service["metadata"]["name"]


def test_everything_is_forbidden_between_pods_except_what_a_policy_allows(manifests: list[Manifest]) -> None:
    default = _named(manifests, "NetworkPolicy", "default-deny")["spec"]
    assert default["podSelector"] == {}
    assert set(default["policyTypes"]) == {"Ingress", "Egress"}
    assert "ingress" not in default
    assert "egress" not in default
    for policy in _of_kind(manifests, "NetworkPolicy"):
        selector = policy["spec"]["podSelector"]
        assert any(_selects(selector, pod.labels) for pod in pods(manifests)), policy["metadata"]["name"]


@pytest.mark.parametrize(
    ("sender", "receiver", "port", "allowed"),
    [
        ("Deployment/daemon", "Deployment/code", 4266, True),
        ("Run", "Deployment/mlflow", 5000, True),
        ("Run", "Deployment/code", 4266, False),
        ("Deployment/service", "Deployment/mlflow", 5000, False),
        ("Deployment/service", "StatefulSet/postgres", 5432, False),
        ("Run", "StatefulSet/postgres", 5432, True),
        ("Deployment/mlflow", "StatefulSet/postgres", 5432, True),
        ("Run", "Deployment/webserver", 3000, False),
        ("CronJob/backup", "StatefulSet/postgres", 5432, False),
    ],
)
def test_who_may_talk_to_whom(
    sender: str, receiver: str, port: int, allowed: bool, overlays: dict[str, list[Manifest]]
) -> None:
    manifests = overlays["one-node"]
    labels = {pod.owner: pod.labels for pod in pods(manifests)}
    policies = [one["spec"] for one in _of_kind(manifests, "NetworkPolicy")]

    def opens(rules: list[dict[str, Any]], side: str, other: dict[str, str]) -> bool:
        return any(
            port in [one["port"] for one in rule["ports"]]
            and any(_selects(one["podSelector"], other) for one in rule.get(side, ANY) if "podSelector" in one)
            for rule in rules
        )

    sends = any(
        opens(policy.get("egress", []), "to", labels[receiver])
        for policy in policies
        if _selects(policy["podSelector"], labels[sender])
    )
    receives = any(
        opens(policy.get("ingress", []), "from", labels[sender])
        for policy in policies
        if _selects(policy["podSelector"], labels[receiver])
    )
    assert (sends and receives) is allowed


def test_runs_use_the_image_of_the_code_server(manifests: list[Manifest]) -> None:
    images = {pod.owner: pod.spec["containers"][0]["image"] for pod in pods(manifests)}
    assert images["Run"] == images["Deployment/code"]
    assert "/" in images["Run"], "an overlay names a registry"


@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_a_deployment_runs_the_images_that_it_names_by_digest(overlay: str, tmp_path: Path) -> None:
    """The workflow edits the overlay with `kustomize edit set image`, which replaces these entries."""
    shutil.copytree(KUBERNETES, tmp_path / "kubernetes")
    path = tmp_path / "kubernetes/overlays" / overlay / "kustomization.yaml"
    content = yaml.safe_load(path.read_text())
    digest = f"sha256:{'0' * 64}"
    content["images"] = [
        {"name": name, "newName": f"ghcr.io/acme/{name}", "digest": digest}
        for name in ("xnai-pipelines", "xnai-service")
    ]
    path.write_text(yaml.safe_dump(content))
    images = {pod.spec["containers"][0]["image"] for pod in pods(rendered(overlay, tmp_path / "kubernetes"))}
    ours = {image for image in images if "xnai" in image}
    assert ours == {f"ghcr.io/acme/{name}@{digest}" for name in ("xnai-pipelines", "xnai-service")}


def test_what_backs_up_and_drills_writes_to_the_volume_of_backups(manifests: list[Manifest]) -> None:
    folder = _named(manifests, "ConfigMap", "xnai")["data"]["XNAI_BACKUP_TO"]
    mounting = {
        pod.owner
        for pod in pods(manifests)
        for mount in pod.spec["containers"][0].get("volumeMounts", [])
        if (mount["mountPath"], mount["name"]) == (folder, "backups")
    }
    assert mounting == {"Run", "Deployment/code", "CronJob/backup"}


@pytest.fixture
def with_object_store(tmp_path: Path) -> list[Manifest]:
    """The objects of production with the component for an object store, as its comment adds it."""
    shutil.copytree(KUBERNETES, tmp_path / "kubernetes")
    path = tmp_path / "kubernetes/overlays/production/kustomization.yaml"
    content = yaml.safe_load(path.read_text())
    content["components"].append("../../object-store")
    path.write_text(yaml.safe_dump(content))
    return rendered("production", tmp_path / "kubernetes")


def test_with_an_object_store_backups_go_there_and_what_reads_and_writes_it_may_reach_it(
    with_object_store: list[Manifest],
) -> None:
    settings = _named(with_object_store, "ConfigMap", "xnai")["data"]
    assert settings["XNAI_BACKUP_TO"].startswith("s3://")
    assert settings["XNAI_HOME"] == "/state"
    policy = _named(with_object_store, "NetworkPolicy", "object-store")["spec"]
    reaching = {pod.owner for pod in pods(with_object_store) if _selects(policy["podSelector"], pod.labels)}
    assert reaching == {"Run", "Deployment/code", "Deployment/service", "CronJob/backup"}
    assert [one["port"] for rule in policy["egress"] for one in rule["ports"]] == [443]


def test_credentials_of_an_object_store_reach_what_uses_it_and_nothing_needs_them(manifests: list[Manifest]) -> None:
    given = {
        pod.owner: source["secretRef"]["optional"]
        for pod in pods(manifests)
        for source in pod.spec["containers"][0].get("envFrom", [])
        if source.get("secretRef", {}).get("name") == "xnai-object-store"
    }
    wanted = ("Run", "Deployment/code", "Deployment/service", "CronJob/backup")
    assert given == dict.fromkeys(wanted, True)


def test_the_pod_that_fills_the_volume_of_documents_keeps_the_policy(overlays: dict[str, list[Manifest]]) -> None:
    loader = yaml.safe_load((KUBERNETES / "loader.yaml").read_text())
    kubernetes_validate.validate(loader, SCHEMAS, strict=True)
    assert violations(Pod("loader", loader["metadata"]["labels"], loader["spec"], serves=False)) == []
    claims = {one["metadata"]["name"] for one in _of_kind(overlays["one-node"], "PersistentVolumeClaim")}
    assert loader["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] in claims


def test_before_the_first_release_the_service_gets_no_requests_and_is_not_restarted(manifests: list[Manifest]) -> None:
    (container,) = _named(manifests, "Deployment")["spec"]["template"]["spec"]["containers"]
    paths = {
        probe: container[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")
    }
    assert paths == {"startupProbe": "/health", "readinessProbe": "/ready", "livenessProbe": "/health"}


def test_the_instance_is_that_of_the_compose_file_with_runs_as_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster itself reads the file; the launcher's settings are checked against its own schema."""
    folder = KUBERNETES / "base"
    ours, compose = (yaml.safe_load((at / "dagster.yaml").read_text()) for at in (folder, ROOT / "docker"))
    launcher = ours.pop("run_launcher")
    assert ours == compose
    assert (launcher["module"], launcher["class"]) == ("dagster_k8s", "K8sRunLauncher")
    for line in (folder / "xnai.env").read_text().splitlines():
        if not line.startswith("#"):
            monkeypatch.setenv(*line.split("=", 1))
    monkeypatch.setenv("XNAI_POSTGRES_PASSWORD", "secret")
    from dagster._config import process_config, resolve_to_config_type
    from dagster_k8s import K8sRunLauncher  # here: it takes a second, and every test process reads this file

    assert process_config(resolve_to_config_type(K8sRunLauncher.config_type()), launcher["config"]).success
    assert InstanceRef.from_dir(str(folder)).storage_data.class_name == "DagsterPostgresStorage"


def test_files_that_kustomize_cannot_share_are_the_same() -> None:
    for ours, other in (
        (KUBERNETES / "base/workspace.yaml", ROOT / "docker/workspace.yaml"),
        *((KUBERNETES / f"overlays/{one}/run-image.yaml", RUN_IMAGE) for one in OVERLAYS),
    ):
        assert yaml.safe_load(ours.read_text()) == yaml.safe_load(other.read_text())
    init = KUBERNETES / "overlays/one-node/mlflow.sql"
    assert init.read_bytes() == (ROOT / "docker/postgres.sql").read_bytes()


def test_the_environment_holds_only_variables_that_something_reads(manifests: list[Manifest]) -> None:
    from xnai_pipelines.settings import Settings

    read = {f"XNAI_{name.upper()}" for name in Settings.model_fields}
    read |= {"XNAI_DAGSTER"}  # dagster.yaml
    read |= {name for name in os_names(manifests) if name.startswith("XNAI_POSTGRES_")}
    assert _named(manifests, "ConfigMap", "xnai")["data"].keys() <= read


def os_names(manifests: list[Manifest]) -> set[str]:
    """Return the names of variables that the instance's dagster.yaml reads."""
    text = _named(manifests, "ConfigMap", "dagster-instance")["data"]["dagster.yaml"]
    return {line.partition("env:")[2].strip() for line in text.splitlines() if "env:" in line}


def test_the_alerts_are_those_of_the_compose_file(production: list[Manifest]) -> None:
    assert _named(production, "PrometheusRule")["spec"] == yaml.safe_load((ROOT / "docker/rules.yaml").read_text())


def test_prometheus_reads_every_replica_by_the_job_that_alerts_name(production: list[Manifest]) -> None:
    monitor = _named(production, "ServiceMonitor")["spec"]
    service = _named(production, "Service")
    assert _selects(monitor["selector"], service["metadata"]["labels"])
    (endpoint,) = monitor["endpoints"]
    assert endpoint["port"] in [port["name"] for port in service["spec"]["ports"]]
    assert endpoint["authorization"]["credentials"] == {"name": "xnai-metrics", "key": "token"}
    assert {"targetLabel": "job", "replacement": "xnai-service"} in endpoint["relabelings"]


def test_the_service_grows_with_its_queue_and_with_its_processors(production: list[Manifest]) -> None:
    scaler = _named(production, "HorizontalPodAutoscaler")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 10)
    queue, processors = scaler["metrics"]
    assert queue["pods"]["metric"]["name"] == "xnai_queue_length"
    assert processors["resource"]["name"] == "cpu"
    assert scaler["scaleTargetRef"]["name"] == _named(production, "Deployment")["metadata"]["name"]


@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_the_ingress_has_tls_and_leads_to_routes_for_callers_by_a_name_that_the_service_accepts(
    overlay: str, overlays: dict[str, list[Manifest]]
) -> None:
    manifests = overlays[overlay]
    ingress = _named(manifests, "Ingress")["spec"]
    (rule,) = ingress["rules"]
    assert ingress["tls"][0]["hosts"] == [rule["host"]]
    assert rule["host"] in _named(manifests, "ConfigMap", "xnai")["data"]["XNAI_SERVICE_NAMES"].split(",")
    assert {path["path"] for path in rule["http"]["paths"]} == {"/", "/page", "/session", "/v1", "/mcp"}
    assert {path["pathType"] for path in rule["http"]["paths"] if path["path"] == "/"} == {"Exact"}  # not /metrics
    size = _named(manifests, "Ingress")["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"]
    assert size == f"{ServiceLimits().body_bytes // 1024}k"
    assert _named(manifests, "ConfigMap", "xnai")["data"]["XNAI_TRUSTED_PROXIES"]  # else all callers have one address
