"""Every expected error stands in one tree, whose classes say the HTTP status and the exit code."""

import ast
from pathlib import Path

import pytest

import xnai_pipelines
from xnai_pipelines import errors

PACKAGE = Path(xnai_pipelines.__file__).parent
TREE = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.XnaiError)]


@pytest.mark.slow
def test_no_module_beside_errors_defines_a_public_error():
    found = [
        f"{path.relative_to(PACKAGE)}: {node.name}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error") and not node.name.startswith("_")
    ]
    assert found
    assert {one.partition(":")[0] for one in found} == {"errors.py"}


@pytest.mark.parametrize(
    ("kind", "http_status", "exit_code"),
    [
        (errors.SettingsError, 400, 2),
        (errors.QueryError, 400, 2),
        (errors.ReleaseError, 503, 1),
        (errors.DamagedArtefactError, 500, 1),
        (errors.TrackingUnavailableError, 503, 3),
        (errors.UnreadableError, 422, 1),
    ],
)
def test_the_class_says_the_status_and_the_exit_code(kind, http_status, exit_code):
    assert (kind.http_status, kind.exit_code) == (http_status, exit_code)


def test_a_class_is_found_again_by_its_name():
    assert all(errors.expected(one.__name__) is one for one in TREE)
    assert errors.expected("ValueError") is None
    assert errors.expected(None) is None


def test_every_error_has_a_documented_kind():
    kinds = (
        errors.InvalidInputError,
        errors.AccessError,
        errors.NotReadyError,
        errors.DamagedError,
        errors.UnavailableError,
        errors.FailedError,
        errors.FileError,
    )
    for one in TREE:
        assert one is errors.XnaiError or issubclass(one, kinds)
        assert one.__doc__
    assert all(kind.__name__ in (errors.__doc__ or "") for kind in kinds)
