"""The address of a link, beside its words."""

import re

_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+", re.IGNORECASE)
_SCHEME = re.compile(r"(?:https?://(?:www\.)?|mailto:)", re.IGNORECASE)
_INSTRUCTION = re.compile(r"HYPERLINK\s*\(?\s*\"([^\"]+)\"", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_LONGEST = 200  # characters: what is longer counts clicks


def unsaid_target(words: str, target: str) -> str:
    """Return the address of a link to the web or to a mailbox, "" if it is something else or if the words have it.

    Long addresses lose what follows the question mark.
    """
    if not (address := _ADDRESS.fullmatch(target.strip())):
        return ""
    shown = address.group()
    if len(shown) > _LONGEST:
        shown = shown.partition("?")[0]
    bare = _SCHEME.sub("", shown).partition("?")[0].rstrip("/")
    return "" if bare.lower() in _SPACE.sub("", words).lower() else shown


def target_beside(words: str, target: str) -> str:
    """Return the address of a link in brackets, to follow its words, "" if they have it."""
    address = unsaid_target(words, target)
    return f" ({address})" if address else ""


def target_of_field(instruction: str) -> str:
    """Return the address in the instruction of a field or in a formula, "" without one."""
    found = _INSTRUCTION.search(instruction)
    return found.group(1) if found else ""
