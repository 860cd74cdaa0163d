"""How numbers, long texts and names from outside are written where people read them."""

_CONTROLS = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160)], "\ufffd")
_LINE_ENDS = dict.fromkeys([ord("\n"), 0x2028, 0x2029], "\u21b5")


def counted(number: int, noun: str) -> str:
    """Return a number and its noun, in the singular for 1."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters, which ends in "…" if it was cut."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def visible(text: str) -> str:
    """Return the text with a sign for each control character: a name must not move the cursor or change colours."""
    return text.translate(_CONTROLS)


def on_one_line(text: str) -> str:
    """Return the text with a sign for each control character and each end of a line, which a file's name may have."""
    return visible(text).translate(_LINE_ENDS)
