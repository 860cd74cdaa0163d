"""An answer is streamed, signed, verified, given again and followed up from a terminal."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.pipeline import command, variables
from tests.support.workplace import Workplace
from xnai_pipelines.answers.refusal import RefusalPolicy
from xnai_pipelines.encoders.encoder import Encoder


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    """A home with two documents that refuses nothing; for reading."""
    work = Workplace(tmp_path_factory.mktemp("terminal"), built_encoder)
    work.write("crane.md", "# Crane\n\nThe crane of Molde lifts 40 tonnes. It was built in 1912.\n")
    work.write("ferry.md", "# Ferry\n\nThe ferry of Molde carries 12 cars. It leaves at noon.\n")
    work.ingest()
    return work


@pytest.fixture
def environment(harbour: Workplace, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    policy = replace(RefusalPolicy(), threshold=-1e9)
    monkeypatch.setattr("xnai_pipelines.answers.policy.refusal_policy", lambda home, release: policy)
    monkeypatch.setattr("xnai_pipelines.cli.pipeline.require_release_encoder", lambda settings: None)
    return variables(harbour)


def test_a_signed_answer_is_verified_until_it_is_changed_and_given_again_byte_for_byte(
    environment: dict[str, str], tmp_path: Path
):
    said = command(environment, "ask", "How much does the crane of Molde lift?", "--sign")
    assert said.code == 0, said.err
    path = tmp_path / "answer.json"
    path.write_text(said.out, encoding="utf-8")
    verified = command(environment, "verify", str(path))
    assert (verified.code, verified.out.startswith("authentic: ")) == (0, True)
    path.write_text(said.out.replace("40 tonnes", "41 tonnes"), encoding="utf-8")
    altered = command(environment, "verify", str(path))
    assert (altered.code, altered.out.startswith("altered: ")) == (1, True)
    replayed = command(environment, "replay", json.loads(said.out)["answer_id"])
    assert replayed.out == said.out


def test_a_follow_up_names_the_answer_before_and_streams(environment: dict[str, str]):
    first = json.loads(command(environment, "ask", "How much does the crane of Molde lift?", "--json").out)
    said = command(environment, "ask", "When was it built?", "--after", first["answer_id"], "--stream")
    assert said.code == 0, said.err
    assert said.out.startswith("It was built in 1912. [1]")
    assert "[1] crane.md [" in said.out


def test_what_does_not_go_together_or_is_not_there_is_said(environment: dict[str, str], tmp_path: Path):
    together = command(environment, "ask", "When?", "--stream", "--sign")
    assert (together.code, "--stream" in together.err) == (2, True)
    assert command(environment, "replay", "0" * 32).code == 1
    assert command(environment, "verify", str(tmp_path / "none.json")).code == 2


def test_an_answer_that_cannot_be_kept_is_printed(environment: dict[str, str], harbour: Workplace):
    folder = harbour.home.answers
    aside = folder.rename(folder.with_name("aside")) if folder.exists() else None
    folder.write_text("in the way", encoding="utf-8")
    try:
        said = command(environment, "ask", "How much does the crane of Molde lift?")
    finally:
        folder.unlink()
        if aside:
            aside.rename(folder)
    assert (said.code, "lifts 40 tonnes" in said.out) == (0, True)
    assert "was not kept" in said.err
