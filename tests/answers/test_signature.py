"""A signed answer is authentic until a byte of it is changed, and its quotes are looked up in the stored documents."""

import json
import stat
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.asked import ask
from tests.support.workplace import Workplace
from xnai_pipelines.answers.answer import Answer
from xnai_pipelines.answers.ask import Written
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.refusal import RefusalPolicy
from xnai_pipelines.answers.replay import BEYOND, MOST_KEPT, keep, kept_answer, replay
from xnai_pipelines.answers.signature import Authenticity, public_key, signed, signing_key, verify_answer
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import AnswerFileError, NotFoundError, NotReadyError, OptionError, RecordError, ReplayError
from xnai_pipelines.state.layout import Home

ANYTHING = RefusalPolicy(threshold=float("-1e9"))
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    """A home with two documents; for reading."""
    work = Workplace(tmp_path_factory.mktemp("signed"), built_encoder)
    work.write("crane.md", "# Crane\n\nThe crane of Molde lifts 40 tonnes. It was built in 1912.\n")
    work.write("ferry.md", "# Ferry\n\nThe ferry of Molde carries 12 cars. It leaves at noon.\n")
    work.ingest()
    return work


@pytest.fixture(scope="module")
def answer(harbour: Workplace) -> Answer:
    return ask(Passages(harbour.search(), harbour.home), "How much does the crane of Molde lift?", policy=ANYTHING)


def write(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content, indent=1, default=str), encoding="utf-8")
    return path


def test_a_signed_answer_is_authentic_and_the_same_bytes_every_time(harbour: Workplace, answer: Answer, tmp_path: Path):
    key = signing_key(harbour.home)
    proven = signed(answer, key, NOON)
    assert proven == signed(answer, signing_key(harbour.home), NOON)
    found = verify_answer(write(tmp_path / "answer.json", asdict(proven)), harbour.home)
    assert (found.verdict, found.signed_at, found.public_key) == (Authenticity.AUTHENTIC, NOON, public_key(key))


@pytest.mark.parametrize("path", ["question", "release", "seconds", "sentences.0.text", "sentences.0.citations.0.start",
                                  "signature.signed_at", "signature.value", "more"])  # fmt: skip
def test_a_change_of_any_part_is_noticed(harbour: Workplace, answer: Answer, tmp_path: Path, path: str):
    content = json.loads(json.dumps(asdict(signed(answer, signing_key(harbour.home), NOON))))
    *parents, last = path.split(".")
    at = content
    for name in parents:
        at = at[int(name) if name.isdigit() else name]
    was = at.get(last, "")
    at[last] = was + 1 if isinstance(was, int | float) else was.replace("0", "1") + ("" if "0" in was else "x")
    assert verify_answer(write(tmp_path / "answer.json", content), harbour.home).verdict is Authenticity.ALTERED


@pytest.mark.parametrize("key", ["", "[/x]", "\x1b[2K\rauthentic: key 0", "0" * 63, "0" * 65])
def test_what_is_not_a_key_is_refused(harbour: Workplace, answer: Answer, tmp_path: Path, key: str):
    content = json.loads(json.dumps(asdict(signed(answer, signing_key(harbour.home), NOON))))
    content["signature"]["public_key"] = key
    with pytest.raises(AnswerFileError, match="64 hexadecimal digits"):
        verify_answer(write(tmp_path / "answer.json", content), harbour.home)


def test_another_key_is_named_and_can_be_trusted(harbour: Workplace, answer: Answer, tmp_path: Path):
    other = Ed25519PrivateKey.generate()
    path = write(tmp_path / "answer.json", asdict(signed(answer, other)))
    assert verify_answer(path, harbour.home).verdict is Authenticity.OTHER_KEY
    assert verify_answer(path, harbour.home, public_key(other)).verdict is Authenticity.AUTHENTIC


def test_a_quote_that_the_stored_document_does_not_have_is_named(harbour: Workplace, answer: Answer, tmp_path: Path):
    first = answer.sentences[0]
    moved = replace(first.citations[0], document_id="0" * 16)
    old = replace(answer, sentences=(replace(first, citations=(moved,)),))
    path = write(tmp_path / "answer.json", asdict(signed(old, signing_key(harbour.home))))
    found = verify_answer(path, harbour.home)
    assert (found.verdict, found.gone) == (Authenticity.QUOTES_GONE, (moved,))


def test_a_time_that_is_none_is_an_alteration(harbour: Workplace, answer: Answer, tmp_path: Path):
    proven = signed(answer, signing_key(harbour.home), NOON)
    assert proven.signature
    changed = replace(proven, signature=replace(proven.signature, signed_at="yesterday"))
    found = verify_answer(write(tmp_path / "answer.json", asdict(changed)), harbour.home)
    assert (found.verdict, found.signed_at) == (Authenticity.ALTERED, None)


@pytest.mark.parametrize("content", ["", "[]", "{}", "{" * 10_000, '{"question": "x"}', "\x00"])
def test_a_file_that_is_no_answer_is_refused(harbour: Workplace, tmp_path: Path, content: str):
    path = tmp_path / "answer.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(AnswerFileError):
        verify_answer(path, harbour.home)
    with pytest.raises(AnswerFileError):
        verify_answer(tmp_path / "none.json", harbour.home)


def test_a_key_that_is_none_is_refused(harbour: Workplace, answer: Answer, tmp_path: Path):
    path = write(tmp_path / "answer.json", asdict(signed(answer, Ed25519PrivateKey.generate())))
    with pytest.raises(OptionError, match="--key abc is not a public key"):
        verify_answer(path, harbour.home, "abc")


def test_an_unsigned_answer_is_no_proof(harbour: Workplace, answer: Answer, tmp_path: Path):
    with pytest.raises(AnswerFileError, match="not signed"):
        verify_answer(write(tmp_path / "answer.json", asdict(answer)), harbour.home)


def test_the_key_is_made_once_and_its_owner_alone_can_read_it(tmp_path: Path, answer: Answer):
    home = Home(tmp_path)
    with pytest.raises(NotReadyError):
        verify_answer(write(tmp_path / "a.json", asdict(signed(answer, Ed25519PrivateKey.generate()))), home)
    assert public_key(signing_key(home)) == public_key(signing_key(home))
    (path,) = home.secrets.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(b"no key")
    with pytest.raises(RecordError):
        signing_key(home)


def no_model(name: str):
    raise AssertionError(name)


def test_a_kept_answer_is_given_again_byte_for_byte_and_nothing_it_says_is_kept(harbour: Workplace, answer: Answer):
    proven = signed(answer, signing_key(harbour.home), NOON)
    keep(proven, harbour.home)
    (path,) = harbour.home.answers.glob(f"{answer.answer_id}*")
    assert "40 tonnes" not in path.read_text(encoding="utf-8")
    again = replay(answer.answer_id, harbour.home, no_model, threads=1)
    assert json.dumps(asdict(again), default=str) == json.dumps(asdict(proven), default=str)


def test_an_answer_that_quotes_because_the_model_failed_is_given_again(harbour: Workplace):
    def failed(question, evidence):
        yield from ()
        return Written("small", (), ("The language model broke off; the answer quotes the documents.",))

    passages = Passages(harbour.search(), harbour.home)
    quoted = ask(passages, "How much does the crane of Molde lift?", policy=ANYTHING, answerer=failed)
    keep(quoted, harbour.home)
    assert replay(quoted.answer_id, harbour.home, no_model, threads=1) == quoted


def test_an_answer_is_not_signed_again_by_another_key_under_the_old_time(harbour: Workplace, answer: Answer):
    keep(signed(answer, Ed25519PrivateKey.generate(), NOON), harbour.home)
    with pytest.raises(ReplayError, match="has another now"):
        replay(answer.answer_id, harbour.home, no_model, threads=1)


def test_a_follow_up_is_given_again_as_it_was_understood(harbour: Workplace, answer: Answer):
    from xnai_pipelines.answers.conversation import Turn

    passages = Passages(harbour.search(), harbour.home)
    followed = ask(passages, "When was it built?", policy=ANYTHING, history=[Turn(answer.asked)])
    assert "crane" in followed.asked
    assert followed.sentences[0].text == "It was built in 1912."
    keep(followed, harbour.home)
    assert replay(followed.answer_id, harbour.home, no_model, threads=1) == followed


def test_what_cannot_be_given_again_says_why(harbour: Workplace, answer: Answer):
    for unknown in ("0" * 32, "../../secrets/answers", ""):
        with pytest.raises(NotFoundError):
            kept_answer(unknown, harbour.home)
    old = replace(answer, answer_id="1" * 32, parameters=replace(answer.parameters, version=0))
    keep(old, harbour.home)
    with pytest.raises(ReplayError, match="another version"):
        replay(old.answer_id, harbour.home, no_model, threads=1)
    written = replace(answer, answer_id="2" * 32, answerer="small")
    keep(written, harbour.home)

    def other(question, evidence):
        yield from ()
        return Written("small", ())

    with pytest.raises(ReplayError, match="something else"):
        replay(written.answer_id, harbour.home, lambda name: other, threads=1)


def test_only_the_newest_answers_are_kept(tmp_path: Path, answer: Answer):
    home = Home(tmp_path)
    keep(answer, home)
    (first,) = home.answers.iterdir()
    for number in range(MOST_KEPT + BEYOND):
        (home.answers / f"{number:032x}.json").touch()
    keep(replace(answer, answer_id="f" * 32), home)
    assert len(list(home.answers.iterdir())) == MOST_KEPT
    assert not first.exists()
