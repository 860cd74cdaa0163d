"""The words of each language, read from its file and checked."""

import re
import tomllib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_LISTS = frozenset({"joins", "inside", "kinds"})
_MAY_HAVE = frozenset({"marks", "things"})  # that some languages lack
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_ASKED = frozenset({"number", "time", "name", "counted", "steps", "to_do"})
_KINDS = {
    "relations": frozenset({"asks", "did", "tells"}),
    "aspects": frozenset({"asks", "tells"}),
    "things": frozenset({"asks", "perhaps", "surely"}),
}


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """The words of one language.

    Attributes:
        joins: Words that join clauses.
        inside: Prepositions that a name of a place stands behind.
        kinds: Nouns for what manuals define: "option", "file".
        marks: Patterns of words that tell the language of a question.
        asks: Patterns by what they ask for: number, time, name; counted; steps, to_do.
        relations: Words by relation, then by what they do: asks, did, tells.
        aspects: Words by what is asked of a symbol, then by what they do.
        things: Words by kind of thing, then by what they do.
    """

    joins: tuple[str, ...]
    inside: tuple[str, ...]
    kinds: tuple[str, ...]
    marks: tuple[str, ...]
    asks: Mapping[str, tuple[str, ...]]
    relations: Mapping[str, Mapping[str, tuple[str, ...]]]
    aspects: Mapping[str, Mapping[str, tuple[str, ...]]]
    things: Mapping[str, Mapping[str, tuple[str, ...]]]


@cache
def languages() -> Mapping[str, LanguageWords]:
    """Return the words of all languages, by the name of their files."""
    found = [path for path in files(__package__).iterdir() if path.name.endswith(".toml")]
    return {
        path.name.removesuffix(".toml"): parsed(path.name, path.read_text(encoding="utf-8"))
        for path in sorted(found, key=lambda path: path.name)
    }


def parsed(name: str, text: str) -> LanguageWords:
    """Return the words of a file.

    Raises:
        ValueError: It is no TOML, a key is not known or missing, or a word is no pattern; the message names which.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{name}: {error}") from error
    if (content.keys() | _MAY_HAVE) != (keys := _LISTS | _KINDS.keys() | {"asks"} | _MAY_HAVE):
        raise ValueError(f"{name}: the keys are {sorted(content)}, must be {sorted(keys)}")
    lists = {key: _patterns(f"{name}: {key}", content.get(key, [])) for key in (*_LISTS, "marks")}
    tables = {key: _table(f"{name}: {key}", content.get(key, {}), kinds) for key, kinds in _KINDS.items()}
    if unknown := content["asks"].keys() - _ASKED:
        raise ValueError(f"{name}: asks has {sorted(unknown)}, may have {sorted(_ASKED)}")
    asks = {key: _patterns(f"{name}: asks.{key}", words) for key, words in content["asks"].items()}
    return LanguageWords(
        joins=lists["joins"],
        inside=lists["inside"],
        kinds=lists["kinds"],
        marks=lists["marks"],
        asks=asks,
        relations=tables["relations"],
        aspects=tables["aspects"],
        things=tables["things"],
    )


def _table(
    where: str, content: Mapping[str, Mapping[str, object]], kinds: Set[str]
) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return the words by what they are about, then by what they do."""
    found = {}
    for key, words in content.items():
        if unknown := words.keys() - kinds:
            raise ValueError(f"{where}.{key} has {sorted(unknown)}, may have {sorted(kinds)}")
        found[key] = {kind: _patterns(f"{where}.{key}.{kind}", words[kind]) for kind in words}
    return found


def between_borders(words: Sequence[str]) -> str:
    """Return the pattern of any of these words, whole; those of scripts without spaces stand anywhere."""
    spaced = [word for word in words if not _UNSPACED.search(word)]
    patterns = [word for word in words if _UNSPACED.search(word)]
    whole = rf"\b(?:{'|'.join(spaced)})\b"
    return rf"(?:{'|'.join([whole, *patterns] if spaced else patterns)})" if patterns else whole


def _patterns(where: str, words: object) -> tuple[str, ...]:
    if not isinstance(words, list):
        raise ValueError(f"{where} must be a list of words")
    for word in words:
        try:
            re.compile(word)
        except (re.error, TypeError) as error:
            raise ValueError(f"{where}: {word!r} is no pattern: {error}") from error
    return tuple(words)
