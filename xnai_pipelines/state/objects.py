"""The objects of a store with the S3 protocol below a prefix."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from xnai_pipelines.errors import XnaiError
from xnai_pipelines.extras import require

SECONDS_TO_CONNECT = 10
SECONDS_TO_READ = 60
ATTEMPTS = 4


class Objects:
    """The objects of a bucket below a prefix.

    Credentials, region and endpoint are those that Amazon's tools use: `AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL_S3`, a
    profile, a role.
    """

    def __init__(self, address: str, what: str, unavailable: Callable[[str], XnaiError]) -> None:
        """Open the bucket; connects to nothing.

        Args:
            address: s3://BUCKET/PREFIX.
            what: What the objects are, as the start of a sentence.
            unavailable: Class of the error if they cannot be reached.

        Raises:
            MissingExtraError: The extra `s3` is not installed.
        """
        require("s3", f"{what} in an object store:")
        import boto3
        from botocore.config import Config

        parts = urlsplit(address)
        prefix = parts.path.strip("/")
        self._bucket, self._below = parts.netloc, f"{prefix}/" if prefix else ""
        self.address = f"s3://{parts.netloc}/{prefix}"
        self._what, self._unavailable = what, unavailable
        self._client: Any = boto3.client(
            "s3",
            config=Config(
                connect_timeout=SECONDS_TO_CONNECT,
                read_timeout=SECONDS_TO_READ,
                retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
                s3={"addressing_style": "auto"},
            ),
        )

    def read(self, name: str) -> bytes | None:
        """Return the content of an object, None if there is none of this name."""
        content, _ = self.read_tagged(name)
        return content

    def read_tagged(self, name: str) -> tuple[bytes | None, str | None]:
        """Return the content of an object and the tag of this content; None for both if there is none."""
        with self._reaching():
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=self._below + name)
                return bytes(found["Body"].read()), str(found["ETag"])
            except self._client.exceptions.NoSuchKey:
                return None, None

    def write(self, name: str, content: bytes) -> None:
        """Put an object."""
        with self._reaching():
            self._client.put_object(Bucket=self._bucket, Key=self._below + name, Body=content)

    def replace(self, name: str, content: bytes, tag: str | None) -> bool:
        """Put an object if its content still has this tag, None for none; return whether it had."""
        condition = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}
        with self._reaching():
            try:
                self._client.put_object(Bucket=self._bucket, Key=self._below + name, Body=content, **condition)
            except self._client.exceptions.ClientError as error:
                if error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict", "412"):
                    return False
                raise
        return True

    def upload(self, name: str, file: Path) -> None:
        """Put the content of a file, in parts if it is large."""
        with self._reaching():
            self._client.upload_file(str(file), self._bucket, self._below + name)

    def download(self, name: str, file: Path) -> None:
        """Write an object into a file, in parts if it is large."""
        with self._reaching():
            self._client.download_file(self._bucket, self._below + name, str(file))

    def sizes(self, prefix: str = "") -> Mapping[str, int]:
        """Return the objects below the prefix, by default all."""
        with self._reaching():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{self._below}{prefix}/" if prefix else self._below
            )
            found = [one for page in pages for one in page.get("Contents", ())]
        return {one["Key"].removeprefix(self._below): int(one["Size"]) for one in found}

    def remove(self, name: str) -> None:
        """Delete an object; nothing happens if there is none."""
        with self._reaching():
            self._client.delete_object(Bucket=self._bucket, Key=self._below + name)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (Boto3Error, BotoCoreError, ClientError) as error:
            answer = getattr(error, "response", {}).get("Error", {})
            reason = answer.get("Code") or type(error).__name__
            raise self._unavailable(
                f"{self._what} in {self.address} cannot be reached ({reason}). Check the bucket, the credentials and "
                "the endpoint (AWS_ENDPOINT_URL_S3)."
            ) from error
