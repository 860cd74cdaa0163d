"""Identifies the language of a text from its first characters."""

import re
from functools import cache
from typing import Any

_LOOKED_AT_CHARS = 4000
_SAMPLE_CHARS = 1000  # twice as many take twice the time and are no more accurate
_MIN_LETTERS = 20
_ISO_639_1_LENGTH = 2
_PARTS_OF = {"yue": "zh", "wuu": "zh", "arz": "ar", "ary": "ar", "uzs": "uz", "gug": "gn", "kik": "ki"}
# Code, tags and addresses look like English in any language.
_NO_WORDS = re.compile(r"^(```|~~~)[^\n]*\n.*?^\1|<[^<>\n]{1,200}>|https?://\S+|`[^`\n]*`", re.DOTALL | re.MULTILINE)


def identify_language(text: str) -> str | None:
    """Return the ISO 639-1 code of the most likely language of the first 1,000 characters of prose.

    None if they have fewer than 20 letters, or if the language has no two-letter code. Method: Lui and Baldwin
    (2012), langid.py. The model is in the package and loads once, at the first text.
    """
    sample = prose(text[:_LOOKED_AT_CHARS])[:_SAMPLE_CHARS]
    if sum(map(str.isalpha, sample)) < _MIN_LETTERS:
        return None
    from py3langid import classify

    code: str = classify(sample)[0]
    code = _PARTS_OF.get(code, code)
    return code if len(code) == _ISO_639_1_LENGTH else None


def prose(text: str) -> str:
    """Return the text without code, tags and addresses."""
    return _NO_WORDS.sub(" ", text)


def language_ranks(text: str) -> dict[str, float]:
    """Return the probability of each language by its ISO 639-1 code, empty for a text of under 20 letters.

    Method as `identify_language`.
    """
    if sum(map(str.isalpha, text[:_SAMPLE_CHARS])) < _MIN_LETTERS:
        return {}
    return dict(_identifier().rank(text[:_SAMPLE_CHARS]))


@cache
def _identifier() -> Any:  # py3langid has no types
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
