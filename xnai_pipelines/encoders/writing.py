"""How well a tokenizer knows the writing of a text: the letters of a token, and those in unknown tokens."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from tokenizers import Encoding, Tokenizer

# Tokens per letter. MiniLM: English 0.16 to 0.44, German and French 0.4 to 0.45, Russian 0.78 to 1.07, Hindi 0.9;
# multilingual-e5-small: 0.28 to 0.34 in these, 0.46 in Hindi, 0.35 to 0.6 in Chinese, Japanese and Korean.
_FAMILIAR, _STRANGE = 0.45, 0.8
# The same of the words of whole passages: MiniLM has 0.25 to 0.35 in English, 0.4 in German, 0.5 in Turkish.
_FLUENT, _HALTING = 0.36, 0.54
_SYLLABLES_FROM = "\u2e80"  # Chinese, Japanese and Korean characters say more than a letter
_SYLLABLE = 1.4
# An encoder for Chinese has most of these characters as tokens, one each: all that there is to know. MiniLM has 1 %.
_CHARACTERS = [chr(code) for code in range(0x4E00, 0xA000, 16)]
_KNOWN_CHARACTERS = 0.1  # share of them
_MARK = 0.5  # vowel signs, as of Hindi, and accents written apart


@dataclass(frozen=True, slots=True)
class Writing:
    """What a tokenizer makes of texts; the sum of two is what it makes of both.

    Attributes:
        letters: Letters and digits, weighed by what a character of their writing says.
        unknown: Those of them that are in unknown tokens.
        tokens: Tokens that are not unknown.
    """

    letters: float = 0.0
    unknown: float = 0.0
    tokens: int = 0

    def __add__(self, other: "Writing") -> "Writing":
        return Writing(self.letters + other.letters, self.unknown + other.unknown, self.tokens + other.tokens)

    @property
    def tokens_per_letter(self) -> float:
        """Known tokens per letter in them; 0 without such letters."""
        known = self.letters - self.unknown
        return self.tokens / known if known > 0 else 0.0

    @property
    def unknown_share(self) -> float:
        """Share of the letters in unknown tokens, 0 to 1."""
        return self.unknown / self.letters if self.letters else 0.0

    @property
    def familiarity(self) -> float:
        """How well the tokenizer knows the writing, 0 to 1.

        1 if a token has as many letters as in a language of the encoder's, 0 if it has about one, as Russian in an
        English vocabulary; times the share of the letters that are in no unknown token. Texts without letters are
        known.
        """
        return self._known(_FAMILIAR, _STRANGE)

    @property
    def fluency(self) -> float:
        """How well the tokenizer knows the language of running text, 0 to 1: stricter than a question's writing."""
        return self._known(_FLUENT, _HALTING)

    def _known(self, well: float, badly: float) -> float:
        if not self.letters:
            return 1.0
        share = (badly - self.tokens_per_letter) / (badly - well)
        return float(min(1.0, max(0.0, share)) * (1 - self.unknown_share))


def more_fluent(one: Writing, other: Writing) -> Writing:
    """Return the writing that its tokenizer knows better; the first if both know it as well."""
    return max(one, other, key=lambda found: (found.familiarity, found.fluency))


def writing(tokenizer: Tokenizer, text: str) -> Writing:
    """Return what a tokenizer makes of a text, up to the length to which it truncates."""
    return writing_of(tokenizer, text, tokenizer.encode(text, add_special_tokens=False))


def writing_of(tokenizer: Tokenizer, text: str, encoding: Encoding) -> Writing:
    """Return what a tokenizer made of a text; special tokens, such as those at its ends, do not count."""
    tokens = zip(encoding.ids, encoding.offsets, encoding.special_tokens_mask, strict=True)
    pairs = [(token, span) for token, span, special in tokens if not special]
    if not pairs:
        return Writing()
    unknown_id = tokenizer.token_to_id("[UNK]")
    if unknown_id is None:
        unknown_id = tokenizer.token_to_id("<unk>")
    syllable = 1 / _FAMILIAR if has_characters(tokenizer) else _SYLLABLE
    unknown = [_letters(text[start:end], syllable) for token, (start, end) in pairs if token == unknown_id]
    letters = _letters(text[: pairs[-1][1][1]], syllable)
    return Writing(letters, min(letters, sum(unknown)), len(pairs) - len(unknown))


@lru_cache(maxsize=8)
def has_characters(tokenizer: Tokenizer) -> bool:
    """Return whether the tokenizer's vocabulary is one for Chinese: characters are tokens, not only a few of them."""
    known = sum(tokenizer.token_to_id(character) is not None for character in _CHARACTERS)
    return known >= _KNOWN_CHARACTERS * len(_CHARACTERS)


def _letters(text: str, syllable: float) -> float:
    if text.isascii():
        return float(sum(map(str.isalnum, text)))
    return sum(
        (syllable if character >= _SYLLABLES_FROM else 1.0)
        if character.isalnum()
        else _MARK * unicodedata.category(character).startswith("M")
        for character in text
    )
