"""The manifests under deploy/kubernetes as `kubectl apply --kustomize` would send them, and what a pod must be like."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml

from tests.support.pipeline import ROOT

KUBERNETES = ROOT / "deploy/kubernetes"
OVERLAYS = ("one-node", "staging", "production")
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
Manifest = dict[str, Any]


def rendered(overlay: str, folder: Path = KUBERNETES) -> list[Manifest]:
    """Return the objects of an overlay."""
    return kustomized(folder / "overlays" / overlay)


def kustomized(folder: Path) -> list[Manifest]:
    """Return the objects of a folder, made by kubectl, which carries kustomize and needs no cluster for that."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    command = ["kubectl", "kustomize", str(folder)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return list(yaml.safe_load_all(finished.stdout))


@dataclass(frozen=True, slots=True)
class Pod:
    """The pod of a workload: its labels and its spec; `serves` tells whether it runs until it is stopped."""

    owner: str
    labels: dict[str, str]
    spec: dict[str, Any]
    serves: bool


def pods(manifests: list[Manifest]) -> Iterator[Pod]:
    """Yield the pods of all workloads, and the pod of a run that the instance in the manifests starts."""
    for one in manifests:
        owner = f"{one['kind']}/{one['metadata']['name']}"
        if one["kind"] in ("Deployment", "StatefulSet"):
            template = one["spec"]["template"]
            yield Pod(owner, template["metadata"]["labels"], template["spec"], serves=True)
        elif one["kind"] == "CronJob":
            template = one["spec"]["jobTemplate"]["spec"]["template"]
            yield Pod(owner, template["metadata"]["labels"], template["spec"], serves=False)
    yield run_pod(manifests)


def run_pod(manifests: list[Manifest]) -> Pod:
    """Return the pod in which a run of the instance would work, as Dagster's launcher makes it."""
    import dagster_k8s.launcher
    from dagster._core.storage.dagster_run import DagsterRun
    from dagster_k8s.job import construct_dagster_k8s_job
    from kubernetes.client import ApiClient

    (instance,) = (one for one in manifests if one["metadata"]["name"] == "dagster-instance")
    (code,) = (one for one in manifests if (one["kind"], one["metadata"]["name"]) == ("Deployment", "code"))
    (image,) = (
        one["value"]
        for one in code["spec"]["template"]["spec"]["containers"][0]["env"]
        if one["name"] == "DAGSTER_CURRENT_IMAGE"
    )
    config = yaml.safe_load(instance["data"]["dagster.yaml"])["run_launcher"]["config"]
    with patch.object(dagster_k8s.launcher, "load_kubernetes_config"):  # there is no cluster
        launcher = dagster_k8s.K8sRunLauncher(**config, k8s_client_batch_api=object(), k8s_client_core_api=object())
    context = launcher.get_container_context_for_run(DagsterRun(job_name="refresh"))
    job = construct_dagster_k8s_job(
        context.get_k8s_job_config(image, launcher),
        ["dagster", "api", "execute_run"],
        "run",
        user_defined_k8s_config=context.run_k8s_config,
    )
    template = ApiClient().sanitize_for_serialization(job)["spec"]["template"]
    return Pod("Run", template["metadata"]["labels"], template["spec"], serves=False)


def violations(pod: Pod) -> list[str]:
    """Return what a pod lacks of the policy; none if it keeps it."""
    spec = pod.spec
    security = spec.get("securityContext", {})
    found = []
    if not security.get("runAsNonRoot") or not security.get("runAsUser"):
        found.append("may run as root")
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        found.append("no seccomp profile")
    if spec.get("enableServiceLinks", True):
        found.append("gets variables of all services")
    if any(spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")):
        found.append("shares a namespace of the node")
    if any("hostPath" in volume for volume in spec.get("volumes", [])):
        found.append("mounts a folder of the node")
    for container in spec["containers"]:
        found += [f"{container['name']}: {fault}" for fault in _container_violations(container, serves=pod.serves)]
    return found


def _container_violations(container: dict[str, Any], *, serves: bool) -> Iterator[str]:
    security = container.get("securityContext", {})
    if not security.get("readOnlyRootFilesystem"):
        yield "writable root file system"
    if security.get("allowPrivilegeEscalation", True) or security.get("privileged"):
        yield "may gain privileges"
    if security.get("capabilities", {}).get("drop") != ["ALL"]:
        yield "has capabilities"
    for bound in ("requests", "limits"):
        if not {"cpu", "memory"} <= container.get("resources", {}).get(bound, {}).keys():
            yield f"no {bound}"
    tag = container["image"].rpartition("/")[2].partition(":")[2]
    if tag in ("", "latest"):
        yield "image without a version"
    if serves:
        yield from (f"no {probe}" for probe in PROBES if probe not in container)
    for variable in container.get("env", []):
        if "value" in variable and any(word in variable["name"] for word in ("PASSWORD", "TOKEN", "SECRET", "KEY")):
            yield f"{variable['name']} holds a secret"
