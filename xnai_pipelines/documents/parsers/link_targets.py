"""The address of a link, beside its words."""

import re

_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+", re.IGNORECASE)
_SCHEME = re.compile(r"(?:https?://(?:www\.)?|mailto:)", re.IGNORECASE)
_LONGEST = 200  # characters: what is longer counts clicks


def target_beside(words: str, target: str) -> str:
    """Return the address of a link in brackets, to follow its words. "" if they have it, or if it is no web or mail.

    Long addresses lose what follows the question mark.
    """
    if not (address := _ADDRESS.fullmatch(target.strip())):
        return ""
    shown = address.group()
    if len(shown) > _LONGEST:
        shown = shown.partition("?")[0]
    bare = _SCHEME.sub("", shown).partition("?")[0].rstrip("/")
    return "" if bare.lower() in words.lower() else f" ({shown})"
