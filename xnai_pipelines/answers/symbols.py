"""The signature at the head of a section of reference documentation: how to call or type what it is about. Pure."""

import re

LONGEST = 800  # characters of a signature

_CODE = re.compile(
    r"[ \t]*(?P<mark>```+|~~~+)[^\n]*\n(?P<fenced>.*?)\n?[ \t]*(?P=mark)[`~]*\s*\Z"
    r"|(?P<ticks>`+)(?P<inline>[^`]+)(?P=ticks)\Z",
    re.DOTALL,
)
_ARGUMENTS = re.compile(r"\(.*\)\Z", re.DOTALL)
_QUALIFIER = re.compile(r"\.|::|->|#")
_PROMPT = r"\s*(?:[$>%#] )?"
_WORDS = 3  # of a command, as in `git remote add`


def is_signature(text: str, title: str, *, indented: bool) -> bool:
    """Return whether a part of a text is code that shows how to call, or to type, what the heading above it names.

    Args:
        text: The part: code in backticks, between fences, or indented.
        title: The heading.
        indented: Whether the part is indented as a whole, as code in Markdown or reStructuredText.
    """
    found = _CODE.match(text)
    if len(text) > LONGEST or not (found or indented):
        return False
    code = ((found["inline"] or found["fenced"]) if found else text).strip()
    heading = _ARGUMENTS.sub("", title.strip("` \t")).strip()
    if not heading or len(heading.split()) > _WORDS or code == heading:
        return False
    name = re.escape(_QUALIFIER.split(heading)[-1])
    called = re.compile(rf"[^\n]*(?<!\w){name}\s?\(")
    typed = re.compile(rf"{_PROMPT}{re.escape(heading)}(?=\s)")
    return bool(name and (called.match(code) or typed.match(code)))
