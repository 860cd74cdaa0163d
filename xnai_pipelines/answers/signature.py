"""Signed answers: who holds one can show that this installation gave it, and nobody has changed it since.

The key is Ed25519 (RFC 8032), made when it is first needed and kept under `secrets/`. What is signed is the whole
answer as JSON, with the time and the public key.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import TypeAdapter, ValidationError

from xnai_pipelines.answers.answer import Answer, Citation, Signature
from xnai_pipelines.answers.passages import stored_texts
from xnai_pipelines.errors import AnswerFileError, NotReadyError, OptionError, RecordError
from xnai_pipelines.state.layout import Home, write_once

MOST_BYTES = 4_000_000  # of an answer's file

_KEY = re.compile("[0-9a-f]{64}")


class Authenticity(StrEnum):
    """What is found out about a signed answer."""

    AUTHENTIC = "authentic"
    ALTERED = "altered"
    OTHER_KEY = "signed by another key"
    QUOTES_GONE = "quotes no longer in the corpus"


@dataclass(frozen=True, slots=True)
class Verification:
    """The verdict on an answer, and the quotes that the stored documents do not have any longer.

    `signed_at` is None if an altered answer names no time.
    """

    verdict: Authenticity
    signed_at: datetime | None
    public_key: str
    gone: tuple[Citation, ...] = ()


def signed(answer: Answer, key: Ed25519PrivateKey, signed_at: datetime | None = None) -> Answer:
    """Return the answer with its signature; the same answer, key and time give the same bytes."""
    at = (signed_at or datetime.now(UTC)).isoformat(timespec="seconds")
    unsigned = replace(answer, signature=Signature("Ed25519", public_key(key), at, ""))
    value = key.sign(_statement(asdict(unsigned))).hex()
    return replace(answer, signature=Signature("Ed25519", public_key(key), at, value))


def verify_answer(path: Path, home: Home, trusted: str | None = None) -> Verification:
    """Return what is found out about the answer in a file.

    Args:
        path: What `xnai ask --json --sign` printed.
        home: Its documents are compared with the quotes.
        trusted: Public key, 64 hexadecimal digits; None takes the key of the home.

    Raises:
        AnswerFileError: The file is not a signed answer.
        NotReadyError: The home has no key, and none is given.
        OptionError: What is given is not a key.
    """
    content, answer = _read(path)
    signature = answer.signature
    if signature is None:
        raise AnswerFileError(f"{path} is not signed. `xnai ask --json --sign` signs an answer.")
    signed_at = _time(signature.signed_at)
    if trusted is None:
        if not _path(home).exists():
            raise NotReadyError(f"{home.root} has no key yet. Name the public key that you trust: `--key`.")
        trusted = public_key(signing_key(home))
    elif not _KEY.fullmatch(trusted.lower()):
        raise OptionError(f"--key {trusted} is not a public key: 64 hexadecimal digits.")
    if not _KEY.fullmatch(signature.public_key):
        raise AnswerFileError(f"{path} is not a signed answer: its public key is not 64 hexadecimal digits.")
    if signature.public_key != trusted.lower():
        return Verification(Authenticity.OTHER_KEY, signed_at, signature.public_key)
    statement = {**content, "signature": {**content["signature"], "value": ""}}
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(trusted)).verify(
            bytes.fromhex(signature.value), _statement(statement)
        )
    except (InvalidSignature, ValueError):
        return Verification(Authenticity.ALTERED, signed_at, signature.public_key)
    gone = quotes_gone(answer, home)
    verdict = Authenticity.QUOTES_GONE if gone else Authenticity.AUTHENTIC
    return Verification(verdict, signed_at, signature.public_key, gone)


def quotes_gone(answer: Answer, home: Home) -> tuple[Citation, ...]:
    """Return the citations whose quote is not at its place in the stored document, or whose document is deleted."""
    nearest = answer.refusal.nearest if answer.refusal else ()
    cited = [*(one for sentence in answer.sentences for one in sentence.citations), *nearest]
    texts = stored_texts(home, {one.document_id for one in cited if one.document_id.isalnum()})
    return tuple(one for one in cited if texts.get(one.document_id, "")[one.start : one.end] != one.quote)


def signing_key(home: Home) -> Ed25519PrivateKey:
    """Return the key of a home; the first call makes it, readable by its owner alone.

    Raises:
        RecordError: The file is damaged.
    """
    path = _path(home)
    if not path.exists():
        _make(path)
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise RecordError(_damaged(path)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise RecordError(_damaged(path))
    return key


def public_key(key: Ed25519PrivateKey) -> str:
    """Return the public key: 64 hexadecimal digits."""
    return key.public_key().public_bytes_raw().hex()


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    key = Ed25519PrivateKey.generate()
    write_once(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)


def _read(path: Path) -> tuple[dict[str, Any], Answer]:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ValueError
        content = json.loads(data)
        return content, TypeAdapter(Answer).validate_python(content)
    except FileNotFoundError:
        raise AnswerFileError(f"There is no file {path}.") from None
    except (OSError, ValueError, ValidationError, RecursionError) as error:
        raise AnswerFileError(f"{path} is not an answer as `xnai ask --json` prints it.") from error


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _statement(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _path(home: Home) -> Path:
    return home.secrets / "answers.pem"


def _damaged(path: Path) -> str:
    return f"The key {path} is damaged. Restore it; if you delete it, answers are signed by a new one."
