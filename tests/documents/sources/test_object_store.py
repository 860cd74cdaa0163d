"""A bucket costs one listing when nothing changed, and no key in it does harm."""

from pathlib import Path
from typing import Any

import boto3
import pytest

from xnai_pipelines.documents.sources.mirror import Mirror, MirrorRecord, synchronise
from xnai_pipelines.documents.sources.object_store import ObjectStoreSource
from xnai_pipelines.documents.sources.specs import ObjectStoreSpec


@pytest.fixture
def bucket(endpoint: str, request: pytest.FixtureRequest) -> Any:
    name = f"bucket-{abs(hash(request.node.name))}"
    client = boto3.resource(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="id", aws_secret_access_key="secret"
    )
    return client.create_bucket(Bucket=name)


def sync(tmp_path: Path, endpoint: str, bucket: str, folder: str = "") -> tuple[Mirror, MirrorRecord]:
    mirror = Mirror(tmp_path / "mirror")
    spec = ObjectStoreSpec(kind="s3", name="policies", prefix="p", bucket=bucket, endpoint=endpoint, folder=folder)
    return mirror, synchronise(mirror, ObjectStoreSource(spec, "id", "secret"), max_bytes=100)


def test_only_new_and_changed_objects_are_downloaded_and_deleted_ones_removed(
    tmp_path: Path, endpoint: str, bucket: Any
):
    for key in ("a.md", "b/ü c.md", "b/gone.md"):
        bucket.put_object(Key=key, Body=f"text of {key}".encode())
    mirror, record = sync(tmp_path, endpoint, bucket.name)
    assert (record.fetched, record.trouble) == (3, None)
    assert record.files["a.md"].origin == f"s3://{bucket.name}/a.md"

    bucket.put_object(Key="a.md", Body=b"TEXT of a.md")
    bucket.Object("b/gone.md").delete()
    mirror, record = sync(tmp_path, endpoint, bucket.name)
    assert (record.fetched, record.removed) == (1, 1)
    assert (mirror.files / "a.md").read_bytes() == b"TEXT of a.md"
    assert sync(tmp_path, endpoint, bucket.name)[1].fetched == 0


def test_keys_that_are_no_file_names_are_named_and_the_others_are_read(tmp_path: Path, endpoint: str, bucket: Any):
    for key in ("docs/good.md", "docs/", "docs/a//b.md", "docs/x/../../y.md", "other/z.md"):
        bucket.put_object(Key=key, Body=b"text")
    bucket.put_object(Key="docs/large.bin", Body=bytes(101))
    _, record = sync(tmp_path, endpoint, bucket.name, "docs")
    assert set(record.files) == {"good.md"}
    assert set(record.failed) == {"a//b.md", "x/../../y.md", "large.bin"}


def test_a_bucket_that_cannot_be_listed_removes_nothing_and_says_why(tmp_path: Path, endpoint: str, bucket: Any):
    bucket.put_object(Key="a.md", Body=b"text")
    sync(tmp_path, endpoint, bucket.name)
    mirror, record = sync(tmp_path, endpoint, "no-such-bucket")
    assert "NoSuchBucket" in (record.trouble or "")
    assert (mirror.files / "a.md").exists()
