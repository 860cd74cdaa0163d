"""The tables below a prefix of an object store, dropped so that a kill leaves a whole table or none.

A store cannot rename a folder, but it removes an object whole or not at all, and a table is what its newest manifest
names. So the older manifests go first, then the newest, which is the moment that drops the table, and the rest last.
What a kill leaves of the rest has no manifest: no table is listed there, and maintenance removes it.
"""

from collections.abc import Collection

from xnai_pipelines.errors import HomeError
from xnai_pipelines.state.lance_files import manifest_number
from xnai_pipelines.state.manifest import is_embeddings_table
from xnai_pipelines.state.objects import Objects
from xnai_pipelines.state.table_place import Bucket

_FOLDER = ".lance"


def drop_table(bucket: Bucket, name: str) -> None:
    """Drop a table; nothing happens if there is none."""
    objects = _objects(bucket)
    _remove(objects, objects.sizes(f"{name}{_FOLDER}"))


def remove_dropped(bucket: Bucket, kept: Collection[str]) -> list[str]:
    """Remove what killed drops left, and return the tables' names.

    Tables that are kept stay, whatever they lack, and so do all but tables of vectors: no others are dropped.
    """
    objects = _objects(bucket)
    stored: dict[str, list[str]] = {}
    for one in objects.sizes():
        folder, _, _ = one.partition("/")
        stored.setdefault(folder, []).append(one)
    left = {
        folder.removesuffix(_FOLDER): names
        for folder, names in stored.items()
        if folder.endswith(_FOLDER) and not any(map(_is_manifest, names))
    }
    dropped = sorted(name for name in left if is_embeddings_table(name) and name not in kept)
    for name in dropped:
        _remove(objects, left[name])
    return dropped


def _objects(bucket: Bucket) -> Objects:
    return Objects(bucket.address, "The tables", HomeError)


def _remove(objects: Objects, names: Collection[str]) -> None:
    for name in (*_manifests(names), *(one for one in names if not _is_manifest(one))):
        objects.remove(name)


def _manifests(names: Collection[str]) -> list[str]:
    """Return the manifests of a table among its objects, the newest last."""
    return sorted(filter(_is_manifest, names), key=lambda name: manifest_number(name.rpartition("/")[2]))


def _is_manifest(name: str) -> bool:
    return "/_versions/" in name and name.endswith(".manifest")
