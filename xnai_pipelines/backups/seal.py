"""How the contents of a backup are named and protected: plain with a checksum, or encrypted with AES-256-GCM."""

import base64
import binascii
import hashlib
import hmac
import os
import stat
from pathlib import Path
from typing import Protocol

from xnai_pipelines.errors import BackupDamagedError, BackupError, SettingsError
from xnai_pipelines.extras import require

KEY_BYTES = 32
_NONCE_BYTES = 12
_DIGEST_BYTES = 32


class Seal(Protocol):
    """Names contents and protects them.

    Attributes:
        scheme: How contents are protected; the destination records it.
        overhead: Bytes that a stored content has more than the plain one.
    """

    scheme: str
    overhead: int

    def name(self, content: bytes) -> str:
        """Return the name of a content: equal contents have equal names."""

    def close(self, name: str, content: bytes) -> bytes:
        """Return the content as it is stored under the name."""

    def open(self, name: str, stored: bytes) -> bytes:
        """Return the content.

        Raises:
            BackupDamagedError: It is not what was stored under this name.
        """


class Checksum:
    """The content as it is, after its SHA-256."""

    scheme = "none"
    overhead = _DIGEST_BYTES

    def name(self, content: bytes) -> str:
        """Return the SHA-256."""
        return hashlib.sha256(content).hexdigest()

    def close(self, name: str, content: bytes) -> bytes:
        """Return the checksum and the content."""
        return hashlib.sha256(content).digest() + content

    def open(self, name: str, stored: bytes) -> bytes:
        """Return the content after comparing it with its checksum."""
        content = stored[_DIGEST_BYTES:]
        if hashlib.sha256(content).digest() != stored[:_DIGEST_BYTES]:
            raise BackupDamagedError(f"{name} does not match its checksum")
        return content


class Encryption:
    """AES-256-GCM. The name of a content is authenticated with it, so two contents cannot change places.

    Names are keyed hashes: without the key nobody can tell whether a known file is in the backup.
    """

    scheme = "aes-256-gcm"
    overhead = _NONCE_BYTES + 16

    def __init__(self, key: bytes) -> None:
        """Take a key of 32 bytes.

        Raises:
            MissingExtraError: The extra `encryption` is not installed.
        """
        require("encryption", "An encrypted backup")
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._names = hmac.digest(key, b"xnai backup names", "sha256")
        self._cipher = AESGCM(hmac.digest(key, b"xnai backup contents", "sha256"))

    def name(self, content: bytes) -> str:
        """Return the keyed hash."""
        return hmac.digest(self._names, content, "sha256").hex()

    def close(self, name: str, content: bytes) -> bytes:
        """Return a new nonce and the encrypted content."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, name.encode())

    def open(self, name: str, stored: bytes) -> bytes:
        """Return the decrypted content."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError) as error:
            raise BackupDamagedError(f"{name} was changed or cut off, or the key is another one") from error


def new_key() -> str:
    """Return a new random key, as text."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def key_of(text: str, origin: str) -> bytes:
    """Return the key that a text is.

    Args:
        text: What `new_key` returned.
        origin: Where the text is from, for the error.

    Raises:
        SettingsError: It is not a key; the message does not show it.
    """
    try:
        key = base64.urlsafe_b64decode(text.strip())
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(
            f"{origin} has no key of {KEY_BYTES} bytes in base64. `xnai backup --new-key FILE` writes one."
        )
    return key


def read_key_file(path: Path) -> bytes:
    """Return the key in a file that only its owner can read.

    Raises:
        SettingsError: The file is missing, readable by others, or has no key.
    """
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise SettingsError(f"The key file {path} cannot be read ({error.strerror}).") from error
    if stat.S_IMODE(mode) & 0o077:
        raise SettingsError(f"The key file {path} can be read by others. Run `chmod 600 {path}`.")
    return key_of(text, f"The key file {path}")


def write_key_file(path: Path) -> None:
    """Write a new key into a new file, readable by its owner alone.

    Raises:
        BackupError: There is such a file, or it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BackupError(f"The key file {path} cannot be made ({error.strerror}). Name a new file.") from error
    with os.fdopen(descriptor, "w") as file:
        file.write(new_key() + "\n")


def chosen_seal(key: str | None, key_file: Path | None) -> Seal:
    """Return the encryption with the key given, or with that of the file; without either, checksums.

    Raises:
        SettingsError: Both are given, or what is given is not a key.
        MissingExtraError: The extra `encryption` is not installed.
    """
    if key is not None and key_file is not None:
        raise SettingsError("XNAI_BACKUP_KEY and XNAI_BACKUP_KEY_FILE are both set. Unset one of them.")
    if key is not None:
        return Encryption(key_of(key, "XNAI_BACKUP_KEY"))
    return Encryption(read_key_file(key_file)) if key_file else Checksum()
