"""Two machines share nothing but a bucket: one runs the pipeline with workers, the other serves, with an empty disk."""

import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.commands import free_port
from tests.support.pipeline import fresh_xnai, start_xnai, variables, xnai
from tests.support.waiting import NEVER_SECONDS, until
from tests.support.workplace import Workplace, five_files
from xnai_pipelines.encoders.encoder import Encoder

pytestmark = [pytest.mark.slow, pytest.mark.e2e]

QUESTION = {"question": "Why did the river rise?", "k": 3}


def tables(work: Workplace) -> tuple[object, object]:
    """Return what a run with other workers has to leave too: the rows, and the vectors to the last bit."""
    return work.content(), work.vectors()


@pytest.fixture(scope="module")
def in_a_folder(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    work = five_files(Workplace(tmp_path_factory.mktemp("folder"), built_encoder))
    work.write("access.yaml", '"notes/**": [weather]\n')
    ran = xnai(variables(work), "run", "--no-evaluation")
    assert ran.returncode == 0, ran.stderr
    return work


def run_into_the_bucket(compute: str, like: Workplace, encoder: Encoder, prefix: str, folder: Path) -> Workplace:
    """Run the pipeline with workers of this kind and tables in the bucket; return the home, whose rows are the same."""
    here = Workplace(folder, encoder, like.documents)
    running = variables(here, lancedb_uri=prefix, compute=compute, compute_workers=2)
    ran = fresh_xnai(running, "run", "--no-evaluation")
    assert ran.returncode == 0, ran.stderr
    assert tables(here) == tables(like)
    assert not here.home.lancedb.exists()
    return here


def test_workers_of_ray_make_the_same_tables(
    in_a_folder: Workplace, built_encoder: Encoder, prefix: str, tmp_path: Path
):
    run_into_the_bucket("ray", in_a_folder, built_encoder, prefix, tmp_path / "here")


def test_an_empty_disk_serves_from_the_bucket_alone_what_workers_of_another_machine_made(
    in_a_folder: Workplace, built_encoder: Encoder, prefix: str, tmp_path: Path
):
    here = run_into_the_bucket("processes", in_a_folder, built_encoder, prefix, tmp_path / "here")
    port = free_port()
    there = variables(home=tmp_path / "there", follow=prefix, service_port=port)
    serving = start_xnai(there, "serve")
    try:
        address = f"http://127.0.0.1:{port}"
        until(lambda: _is_ready(address) or serving.poll() is not None)
        assert serving.poll() is None, serving.communicate()
        reader, other = (_token(there, group) for group in ("weather", "tax"))
        found = _found(address, reader)
        expected = here.search().search(QUESTION["question"], QUESTION["k"])
        assert [(hit["source"], hit["score"]) for hit in found] == [(hit.source, hit.score) for hit in expected]
        assert "notes/rain.txt" not in {hit["source"] for hit in _found(address, other)}
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.communicate()


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/ready", timeout=NEVER_SECONDS, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _found(address: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    with httpx.Client(timeout=NEVER_SECONDS, trust_env=False) as client:
        hits: list[dict[str, Any]] = client.post(f"{address}/v1/search", json=QUESTION, headers=headers).json()["hits"]
    return hits


def _token(environment: dict[str, str], group: str) -> dict[str, str]:
    made = xnai(environment, "token", "create", "reader", "--group", group)
    assert made.returncode == 0, made.stderr
    return {"Authorization": f"Bearer {made.stdout.strip()}"}
