import logging
import uuid
from collections.abc import Iterator

import pytest

from tests.support.workplace import Workplace, five_files
from xnai_pipelines.state.table_claim import claim_tables

SECRET = "a-secret-of-the-store"


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """A real server of the S3 protocol."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def prefix(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty prefix."""
    import boto3

    variables = {
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="tables")
    return f"s3://tables/{uuid.uuid4().hex}"


@pytest.fixture
def shared(work: Workplace, prefix: str) -> Workplace:
    """Five files in a home whose tables lie at the prefix."""
    claim_tables(work.home, prefix)
    five_files(work).ingest()
    return work
