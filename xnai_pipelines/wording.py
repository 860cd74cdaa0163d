"""How numbers and long texts are written where people read them."""


def counted(number: int, noun: str) -> str:
    """Return a number and its noun, in the singular for 1."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters, which ends in "…" if it was cut."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
