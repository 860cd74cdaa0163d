"""LanceDB, imported without two packages that it loads and nothing here uses.

With them `import lancedb` takes three times as long. Both are deferred, not removed: code that needs them still gets
them. If LanceDB or PyArrow loads them in another way, it still works, and `tests/state/test_lancedb_import.py` fails.
"""

import sys
from importlib.util import find_spec, module_from_spec
from threading import Lock, get_ident
from types import ModuleType
from typing import Any

# The REST client of LanceDB's namespaces. LanceDB needs classes of its `models`; importing those runs the package's
# `__init__`, which builds the client of every endpoint.
_REST_CLIENT = "lance_namespace_urllib3_client"

_lock = Lock()


def imported_lancedb() -> Any:
    """Return the module `lancedb`, imported by the first call."""
    with _lock:
        if "lancedb" not in sys.modules:
            keep_pandas_out_of_pyarrow()
            _put_off(_REST_CLIENT)
    import lancedb

    return lancedb


def keep_pandas_out_of_pyarrow() -> None:
    """Let PyArrow convert its first value while pandas cannot be found.

    PyArrow imports pandas at that moment to recognize pandas objects; it tries again for `to_pandas`.
    """
    import pyarrow as pa

    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.scalar(True)
    finally:
        sys.meta_path.remove(finder)


class _NoPandas:
    """A finder that hides pandas from the thread that made it."""

    def __init__(self) -> None:
        self._thread = get_ident()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name == "pandas" and get_ident() == self._thread:
            raise ModuleNotFoundError("pandas is hidden from PyArrow here", name=name)


def _put_off(package: str) -> None:
    """Register a package whose `__init__` runs on the first access to something it defines.

    Its submodules can be imported before. Do nothing if it is already imported or not installed.
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
