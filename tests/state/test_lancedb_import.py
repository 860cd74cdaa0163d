"""LanceDB is imported without pandas and without its REST client, and both are there for whoever asks for them."""

import subprocess
import sys

import pytest

from xnai_pipelines.state.lancedb_import import _put_off

IMPORTED = "import sys; from xnai_pipelines.state.lancedb_import import imported_lancedb; lancedb = imported_lancedb()"
REST_CLIENT = "lance_namespace_urllib3_client"


def printed(*statements: str) -> str:
    """Return what a new process prints that imports LanceDB and runs the statements."""
    program = "\n".join([IMPORTED, *statements])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_neither_is_loaded_until_something_of_it_is_asked_for(tmp_path):
    said = printed(
        f"table = lancedb.connect({str(tmp_path)!r}).create_table('items', [{{'key': 'a', 'vector': [1.0, 0.0]}}])",
        "found = table.search([1.0, 0.0]).where('key = \\'a\\'').limit(1).to_arrow().to_pylist()",
        "print(found[0]['key'], 'pandas' in sys.modules)",
        f"print([name for name in sys.modules if name.startswith('{REST_CLIENT}.api')])",
        f"import {REST_CLIENT} as client",
        "print(client.TableApi.__name__, client.ListTablesResponse.__name__, hasattr(client, 'Nothing'))",
        "import pyarrow as pa",
        "frame = pa.table({'value': [1, None]}).to_pandas()",
        "print(pa.array(frame['value']).to_pylist(), pa.Table.from_pandas(frame).num_rows)",
    )
    assert said.splitlines() == ["a False", "[]", "TableApi ListTablesResponse False", "[1.0, None] 2"]


@pytest.mark.slow
def test_pandas_and_lancedb_imported_before_stay_as_they_are():
    done = subprocess.run(
        [sys.executable, "-c", f"import pandas, lancedb as first\n{IMPORTED}\nprint(lancedb is first)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "True"


@pytest.mark.parametrize("package", ["no_such_package", "json"])
def test_what_is_not_installed_or_is_imported_already_is_left_alone(package):
    before = sys.modules.get(package)
    _put_off(package)
    assert sys.modules.get(package) is before
