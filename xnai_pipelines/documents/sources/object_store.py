"""A bucket of an object store with the S3 protocol as a source. An object's version is its ETag."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

from xnai_pipelines.documents.sources.source import Entry, Item
from xnai_pipelines.documents.sources.specs import ObjectStoreSpec
from xnai_pipelines.errors import EntryUnavailableError, SourceUnavailableError
from xnai_pipelines.extras import require

SECONDS_TO_CONNECT = 10
SECONDS_TO_READ = 60
ATTEMPTS = 4


class ObjectStoreSource:
    """The objects of a bucket, or those below a key.

    Credentials are those given, else what Amazon's tools use: `AWS_ACCESS_KEY_ID` and the like, a profile, a role.
    """

    revision: str | None = None

    def __init__(self, spec: ObjectStoreSpec, key_id: str | None, secret: str | None) -> None:
        """Open the bucket; connects to nothing.

        Raises:
            MissingExtraError: The extra `s3` is not installed.
        """
        require("s3", f"The source {spec.name}")
        import boto3
        from botocore import UNSIGNED
        from botocore.config import Config

        self._spec = spec
        self._below = f"{spec.folder}/" if spec.folder else ""
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=spec.endpoint,
            region_name=spec.region,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            config=Config(
                connect_timeout=SECONDS_TO_CONNECT,
                read_timeout=SECONDS_TO_READ,
                retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
                signature_version=UNSIGNED if spec.anonymous else None,
                # a server of one's own seldom has a host name for each bucket
                s3={"addressing_style": "path" if spec.endpoint else "auto"},
            ),
        )

    def items(self) -> Generator[Item]:
        """Yield the objects. A key that ends in a slash stands for a folder and is left out."""
        from botocore.exceptions import BotoCoreError, ClientError

        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._spec.bucket, Prefix=self._below)
        try:
            for page in pages:
                for found in page.get("Contents", ()):
                    if not found["Key"].endswith("/"):
                        yield self._entry(found)
        except (BotoCoreError, ClientError, ValueError) as error:
            raise SourceUnavailableError(
                f"The bucket {self._spec.bucket} of {self._spec.name} cannot be listed: {_reason(error)}. Check the "
                "endpoint, the region, and the right to list the bucket."
            ) from error

    def _entry(self, found: dict[str, Any]) -> Entry:
        return Entry(
            path=found["Key"].removeprefix(self._below),
            version=found["ETag"].strip('"'),
            origin=f"s3://{self._spec.bucket}/{found['Key']}",
            size_bytes=found["Size"],
            modified_ns=int(found["LastModified"].timestamp() * 1e9),
        )

    def fetch(self, entry: Entry, file: Path) -> None:
        """Download an object in the version that was listed."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self._client.get_object(
                Bucket=self._spec.bucket, Key=self._below + entry.path, IfMatch=f'"{entry.version}"'
            )
            with file.open("wb") as target:
                for piece in found["Body"].iter_chunks(2**20):
                    target.write(piece)
        except (BotoCoreError, ClientError) as error:
            raise EntryUnavailableError(f"it cannot be downloaded: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Return the server's code and message, or the first line of the error; never a signed URL."""
    answer = getattr(error, "response", None)
    if answer and "Error" in answer:
        return f"{answer['Error'].get('Code')}, {str(answer['Error'].get('Message')).rstrip('.')}"
    return f"{type(error).__name__}: {str(error).splitlines()[0].rstrip('.')}"
