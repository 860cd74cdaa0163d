"""Opaque tokens: made once, shown once, stored as hashes under `secrets/`."""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from xnai_pipelines.errors import OptionError
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.locks import held
from xnai_pipelines.state.records import read_record, write_record

PREFIX = "xnai"
_NAME = re.compile(r"[\w.@-]{1,64}")


class Scope(StrEnum):
    """What a token may be used for."""

    SEARCH = "search"
    ANSWER = "answer"
    READ = "read"
    FEEDBACK = "feedback"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token as it is stored.

    Attributes:
        token_id: Public part of the token; listed and used to revoke it.
        name: Who or what it was made for.
        digest: SHA-256 of the secret part, which has 256 random bits.
        scopes: What it may be used for.
        groups: Groups of its holder, for the rules of `access.yaml`.
        created_at: UTC, ISO 8601.
        expires_at: UTC, ISO 8601.
    """

    token_id: str
    name: str
    digest: str
    scopes: tuple[Scope, ...]
    groups: tuple[str, ...]
    created_at: str
    expires_at: str

    def is_current(self, now: datetime) -> bool:
        """Return whether the token has not expired."""
        return now < datetime.fromisoformat(self.expires_at)


@dataclass(frozen=True, slots=True)
class TokenFile:
    """All tokens of a home."""

    tokens: tuple[AccessToken, ...] = ()


def create_token(
    home: Home, name: str, scopes: tuple[Scope, ...], groups: tuple[str, ...], lifetime: timedelta
) -> tuple[str, AccessToken]:
    """Return a new token's text, which is stored nowhere, and what is stored of it.

    Raises:
        OptionError: The name is not one, there is no scope, or the lifetime is not positive.
    """
    if not _NAME.fullmatch(name):
        raise OptionError(f"The name {name[:80]!r} is not allowed: use 1 to 64 letters, digits, dots, hyphens or @.")
    if not scopes:
        raise OptionError(f"The token has no scope. Name one or more of {', '.join(Scope)}.")
    if lifetime <= timedelta(0):
        raise OptionError("The token would have expired already. Give it a day or more.")
    token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    token = AccessToken(
        token_id=token_id,
        name=name,
        digest=_digest(secret),
        scopes=tuple(dict.fromkeys(scopes)),
        groups=tuple(dict.fromkeys(groups)),
        created_at=now.isoformat(timespec="seconds"),
        expires_at=(now + lifetime).isoformat(timespec="seconds"),
    )
    with _alone(home):
        _store(home, (*tokens(home), token))
    return f"{PREFIX}_{token_id}_{secret}", token


def tokens(home: Home) -> tuple[AccessToken, ...]:
    """Return the tokens of a home, the oldest first.

    Raises:
        RecordError: The file is damaged.
    """
    return (read_record(_path(home), TokenFile) or TokenFile()).tokens


def revoke_token(home: Home, token_id: str) -> AccessToken:
    """Remove a token; the service refuses it from the next request on. Return it.

    Raises:
        OptionError: There is no such token.
    """
    with _alone(home):
        kept = tokens(home)
        found = next((token for token in kept if token.token_id == token_id), None)
        if found is None:
            raise OptionError(f"There is no token {token_id[:40]!r}. `xnai token list` lists the tokens.")
        _store(home, tuple(token for token in kept if token is not found))
    return found


def token_of(text: str, stored: tuple[AccessToken, ...], now: datetime) -> AccessToken | None:
    """Return the stored token that a text is, None if it is none or has expired; as fast for every secret."""
    prefix, _, rest = text.partition("_")
    token_id, _, secret = rest.partition("_")
    found = next((token for token in stored if token.token_id == token_id), None)
    same = hmac.compare_digest((found or _NO_TOKEN).digest, _digest(secret))
    return found if found and same and prefix == PREFIX and found.is_current(now) else None


_NO_TOKEN = AccessToken("", "", hashlib.sha256().hexdigest(), (), (), "", "")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Hold off other changes from reading to writing: one in between would bring a revoked token back."""
    with held(home, "tokens.lock", f"process {os.getpid()}", lambda _: None):
        yield


def _store(home: Home, kept: tuple[AccessToken, ...]) -> None:
    home.secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.secrets.chmod(0o700)
    write_record(_path(home), TokenFile(kept))
    _path(home).chmod(0o600)


def _path(home: Home) -> Path:
    return home.secrets / "tokens.json"
