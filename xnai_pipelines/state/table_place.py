"""Where the tables of a home lie: in a folder of the home, or below a prefix of an object store.

A home records the prefix, so whatever opens it later finds its tables without a setting.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xnai_pipelines.errors import HomeError
from xnai_pipelines.state.layout import Home, write_json

# An answer that takes longer counts as none; Lance asks again so often, for so long.
PATIENCE = {"connect_timeout": "10s", "timeout": "60s", "client_max_retries": "3", "client_retry_timeout": "30"}
TABLES = "tables.json"  # of the home: the prefix
_REASONS = ("NoSuchBucket", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A prefix of an object store with the S3 protocol and conditional writes (`If-None-Match`).

    Lance reads credentials, region and endpoint itself, from the variables that Amazon's tools use; no secret passes
    through here.

    Attributes:
        address: s3://BUCKET/PREFIX.
    """

    address: str

    def __str__(self) -> str:
        """Return the address."""
        return self.address

    @staticmethod
    def options(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Return what Lance is told beside: how long it waits, and that an endpoint without TLS was meant."""
        endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or ""
        return {**PATIENCE, "allow_http": "true"} if endpoint.startswith("http://") else dict(PATIENCE)

    def unreachable(self, error: Exception) -> HomeError:
        """Return the error for tables that cannot be reached; Lance's own is a page long."""
        reason = next((reason for reason in _REASONS if reason in str(error)), "no answer")
        return HomeError(
            f"The tables at {self.address} cannot be reached ({reason}). Check the bucket, the credentials "
            "(AWS_ACCESS_KEY_ID or a role), the region and the endpoint (AWS_ENDPOINT_URL_S3)."
        )


def place_of(home: Home) -> Path | Bucket:
    """Return where the tables of a home lie.

    Raises:
        HomeError: The record is damaged.
    """
    record = _record(home)
    try:
        return Bucket(str(json.loads(record.read_bytes())["address"]))
    except FileNotFoundError:
        return home.lancedb
    except (ValueError, KeyError, TypeError) as error:
        raise HomeError(
            f'{record} is damaged ({error!r}). Write {{"address": "s3://BUCKET/PREFIX"}} into it, or restore it.'
        ) from error


def record_bucket(home: Home, bucket: Bucket) -> None:
    """Record that the tables of a home lie in a bucket."""
    write_json(_record(home), {"address": bucket.address})


def has_tables(home: Home) -> bool:
    """Return whether the home has a place for tables already."""
    place = place_of(home)
    return isinstance(place, Bucket) or place.is_dir()


def _record(home: Home) -> Path:
    return home.root / TABLES
