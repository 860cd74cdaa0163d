"""What is delivered was checked, listed and signed, reaches production only after staging's way and an approval."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.manifests import KUBERNETES
from tests.support.pipeline import ROOT

FOLDER = ROOT / ".github/workflows"
WORKFLOWS: dict[str, dict[Any, Any]] = {path.stem: yaml.safe_load(path.read_text()) for path in FOLDER.glob("*.yml")}
DELIVERY = WORKFLOWS["delivery"]["jobs"]
(DEPLOY,) = WORKFLOWS["deploy"]["jobs"].values()
STEPS = [
    (f"{name}-{number}", step)
    for name, workflow in WORKFLOWS.items()
    for job in workflow["jobs"].values()
    for number, step in enumerate(job.get("steps", []))
]
SCRIPTS = [(name, step["run"]) for name, step in STEPS if "run" in step]


def _triggers(name: str) -> dict[str, Any]:
    """Return what starts a workflow; YAML 1.1 reads its key `on` as true."""
    found: dict[str, Any] = WORKFLOWS[name][True]
    return found


def test_nothing_is_built_before_it_is_checked_and_nothing_deployed_before_it_is_built() -> None:
    assert DELIVERY["check"]["uses"] == "./.github/workflows/ci.yml"
    assert "workflow_call" in _triggers("ci")
    assert {name: job.get("needs") for name, job in DELIVERY.items()} == {
        "check": None,
        "build": "check",
        "staging": "build",
        "production": "build",
    }


def test_the_branch_develop_reaches_staging_and_a_published_release_production() -> None:
    assert _triggers("delivery") == {"push": {"branches": ["develop"]}, "release": {"types": ["published"]}}
    for environment, event in (("staging", "push"), ("production", "release")):
        job = DELIVERY[environment]
        assert job["if"] == f"github.event_name == '{event}'"
        assert job["with"]["environment"] == environment
        assert (KUBERNETES / "overlays" / environment).is_dir()


def test_a_deployment_waits_for_the_approval_of_its_environment_and_is_undone_if_it_fails() -> None:
    assert DEPLOY["environment"] == "${{ inputs.environment }}"
    *_, deploy, check, back = DEPLOY["steps"]
    assert "rollout status" in deploy["run"]
    assert "/v1/status" in check["run"]
    assert back["if"].startswith("failure()")
    assert "rollout undo" in back["run"]
    kept = DEPLOY["steps"][-4]["run"]
    assert "get $SETTINGS" in kept
    assert "kubectl replace" in back["run"]
    settings = {f"configmap/{name}" for name in ("xnai", "dagster-instance")}
    assert set(WORKFLOWS["deploy"]["env"]["SETTINGS"].split()) == settings


def test_each_deployment_of_the_base_is_waited_for() -> None:
    named = WORKFLOWS["deploy"]["env"]["DEPLOYMENTS"].split()
    files = (yaml.safe_load_all(path.read_text()) for path in (KUBERNETES / "base").glob("*.yaml"))
    deployments = [
        f"deployment/{one['metadata']['name']}"
        for objects in files
        for one in objects
        if isinstance(one, dict) and one.get("kind") == "Deployment"
    ]
    assert sorted(named) == sorted(deployments)


def test_what_is_built_are_targets_of_the_image_file() -> None:
    stages = re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "docker/Dockerfile").read_text(), re.MULTILINE)
    images = DELIVERY["build"]["strategy"]["matrix"]["image"]
    assert {*images, "sbom", *(f"{image}-packages" for image in images)} <= set(stages)


def test_images_are_signed_when_built_and_verified_when_deployed() -> None:
    built = " ".join(step.get("run", "") for step in DELIVERY["build"]["steps"])
    assert "cosign sign" in built
    assert "cosign attest --yes --type cyclonedx" in built
    (image,) = (step["with"] for step in DELIVERY["build"]["steps"] if step.get("id") == "build")
    assert image["sbom"] is True  # of Debian's packages too, which the list of Python's lacks
    assert "cosign verify" in " ".join(step.get("run", "") for step in DEPLOY["steps"])


def test_workflows_may_read_alone_unless_a_job_says_more() -> None:
    assert all(workflow["permissions"] == {"contents": "read"} for workflow in WORKFLOWS.values())
    more = {
        job: {name for name, right in content["permissions"].items() if right == "write"}
        for workflow in WORKFLOWS.values()
        for job, content in workflow["jobs"].items()
        if "permissions" in content
    }
    assert more == {"build": {"packages", "id-token"}, "staging": set(), "production": set(), "deploy": set()}


def test_a_called_workflow_asks_for_no_more_than_its_caller_has() -> None:
    """GitHub refuses the whole workflow otherwise, before its first job."""
    called = [
        (workflow, job, WORKFLOWS[Path(job["uses"]).stem])
        for workflow in WORKFLOWS.values()
        for job in workflow["jobs"].values()
        if job.get("uses", "").startswith("./")
    ]
    assert len(called) == 3
    for caller, calling, workflow in called:
        given = calling.get("permissions", caller["permissions"])
        for job in workflow["jobs"].values():
            assert job.get("permissions", workflow["permissions"]).items() <= given.items()


@pytest.mark.parametrize(("name", "step"), STEPS, ids=[name for name, _ in STEPS])
def test_an_action_is_of_a_fixed_version_and_leaves_no_credentials(name: str, step: dict[str, Any]) -> None:
    action, _, version = step.get("uses", "run@v0").partition("@")
    assert re.fullmatch(r"v\d+(\.\d+)*|[0-9a-f]{40}", version)
    if action == "actions/checkout":
        assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize(("name", "script"), SCRIPTS, ids=[name for name, _ in SCRIPTS])
def test_a_script_parses_and_takes_values_from_its_environment_alone(name: str, script: str) -> None:
    """An expression in a script would run what a branch or a release is named."""
    assert "${{" not in script
    subprocess.run(["bash", "-n", "-c", script], check=True)
