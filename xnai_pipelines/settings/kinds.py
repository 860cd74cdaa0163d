"""Types of settings: what a variable's text becomes before its bounds are checked."""

import ipaddress
import json
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.models.variants import VARIANTS
from xnai_pipelines.state.claim import GENERATED

SPACY = "spacy:"  # before the package or the folder of a spaCy pipeline
TRAINING_FORM = 'it must be a JSON object of training options, such as {"epochs": 3}'


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _absolute(value: Path) -> Path:
    # resolved once, so that a later change of the working directory means the same folder
    return value.expanduser().resolve()


def _absolute_or_generated(value: Path) -> Path:
    return value if value == GENERATED else _absolute(value)


def _recogniser(value: str) -> str:
    is_spacy, of = value.startswith(SPACY), value.removeprefix(SPACY)
    return value if is_spacy and of.isidentifier() else is_spacy * SPACY + str(_absolute(Path(of)))


def _training(value: object) -> object:
    if isinstance(value, dict):
        return AdapterConfig.from_json(value)
    if not isinstance(value, str):
        return value
    try:
        fields = json.loads(value)
    except ValueError:
        raise ValueError(TRAINING_FORM) from None
    if not isinstance(fields, dict):
        raise ValueError(TRAINING_FORM)
    return AdapterConfig.from_json(fields)


def _variant(value: str) -> str:
    names = [variant.name for variant in VARIANTS]
    if value not in names:
        raise ValueError(f"it must be one of {', '.join(names)}")
    return value


def _server(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ValueError("it must be http:// or https:// with a host and without a user name")
    return value


def _bucket(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "s3" or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("it must be s3://BUCKET/PREFIX, without credentials or options")
    return value.rstrip("/")


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for one in value:
        try:
            ipaddress.ip_network(one)
        except ValueError:
            raise ValueError("it must be addresses or networks, such as 127.0.0.1,10.0.0.0/8") from None
    return value


def _web_address(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("http://", "https://")):
        raise ValueError("it must start with http:// or https://")
    return value


# NoDecode: pydantic-settings would read the text of a tuple or a dataclass as JSON.
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Networks = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_networks)]
AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
RecogniserName = Annotated[str, BeforeValidator(str), AfterValidator(_recogniser)]
QuestionsPath = Annotated[Path, AfterValidator(_absolute_or_generated)]
TrainingOptions = Annotated[AdapterConfig, NoDecode, BeforeValidator(_training)]
VariantName = Annotated[str, AfterValidator(_variant)]
BucketUrl = Annotated[str, AfterValidator(_bucket)]
ServerUrl = Annotated[str, AfterValidator(_server)]
SecretUrl = Annotated[SecretStr, AfterValidator(_web_address)]
