"""LanceDB, imported without two packages that it brings and that nothing here uses.

`import lancedb` alone takes three times as long with them. Both are put off, not taken away: what asks for them gets
them. A LanceDB or PyArrow that loads them in another way still works, and `tests/state/test_lancedb_import.py` fails.
"""

import sys
from importlib.util import find_spec, module_from_spec
from threading import Lock, get_ident
from types import ModuleType
from typing import Any

# The client of LanceDB's namespaces over REST. LanceDB needs classes of its `models`, and importing those runs the
# package's `__init__`, which builds the client of every endpoint.
_REST_CLIENT = "lance_namespace_urllib3_client"

_lock = Lock()


def imported_lancedb() -> Any:
    """Return the module `lancedb`, imported by the first call."""
    with _lock:
        if "lancedb" not in sys.modules:
            _keep_pandas_out_of_pyarrow()
            _put_off(_REST_CLIENT)
    import lancedb

    return lancedb


def _keep_pandas_out_of_pyarrow() -> None:
    """Let PyArrow convert its first value while pandas cannot be found.

    PyArrow imports pandas then, to know pandas objects among the values; it tries again for `to_pandas`.
    """
    import pyarrow as pa

    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.scalar(True)
    finally:
        sys.meta_path.remove(finder)


class _NoPandas:
    """A finder that refuses pandas to the thread that made it."""

    def __init__(self) -> None:
        self._thread = get_ident()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name == "pandas" and get_ident() == self._thread:
            raise ModuleNotFoundError("PyArrow is to do without pandas", name=name)


def _put_off(package: str) -> None:
    """Register a package whose `__init__` runs when something that it defines is asked for.

    Its submodules can be imported before. Nothing happens where it is imported already, or is not installed.
    """
    spec = None if package in sys.modules else find_spec(package)
    if spec is None or spec.loader is None:
        return
    module, loader = module_from_spec(spec), spec.loader

    def run_init(name: str) -> Any:
        if "__getattr__" in vars(module):
            del module.__getattr__
            loader.exec_module(module)
        return ModuleType.__getattribute__(module, name)

    module.__getattr__ = run_init  # type: ignore[method-assign]
    sys.modules[package] = module
