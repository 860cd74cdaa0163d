"""The signature at the head of a section of reference documentation: how to call or type what it is about. Pure."""

import re
from collections.abc import Sequence

LONGEST = 800  # characters of a signature

_CODE = re.compile(
    r"[ \t]*(?P<mark>```+|~~~+)[^\n]*\n(?P<fenced>.*?)\n?[ \t]*(?P=mark)[`~]*\s*\Z"
    r"|(?P<ticks>`+)(?P<inline>[^`]+)(?P=ticks)\Z",
    re.DOTALL,
)
_ARGUMENTS = re.compile(r"\(.*\)\Z", re.DOTALL)
_QUALIFIER = re.compile(r"\.|::|->|#")
# A call in a docstring without marks: nothing but what it returns stands behind it in its line.
_PLAIN_CALL = r"(?:[\w.]+ = )?(?:[\w.]+\.)?{name}\s?\((?:[^()]|\([^()]*\))*\)[ \t]*(?:\n|->|\Z)"
_PARAMETER = re.compile(r"(?<=[(,])\s*\*{0,2}([^\W\d]\w*)")
# What a remark on a parameter begins with: its name, perhaps with an article, or the condition that it is given.
_REMARK = (
    r"\W*(?:(?:the|der|die|das|le|la|el|il)\s+(?:[^\W_]+\s+)?"
    r"|(?:if|when|unless|wenn|falls|si|se|als|если)\s+(?:[^\W_]+\s+){{0,4}})?\W*{name}\b"
)
_CLASS = re.compile(r"_*[A-Z]\w*[a-z]\w*")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PROMPT = r"\s*(?:[$>%#] )?"
_WORDS = 3  # of a command, as in `git remote add`


def is_signature(text: str, title: str, *, indented: bool) -> bool:
    """Return whether a part of a text is code that shows how to call, or to type, what the heading above it names.

    Args:
        text: The part: code in backticks, between fences, indented, or a call that stands alone in its lines.
        title: The heading.
        indented: Whether the part is indented as a whole, as code in Markdown or reStructuredText.
    """
    found = _CODE.match(text)
    code = ((found["inline"] or found["fenced"]) if found else text).strip()
    heading = _ARGUMENTS.sub("", title.strip("` \t")).strip()
    if len(text) > LONGEST or not heading or len(heading.split()) > _WORDS or code == heading:
        return False
    name = re.escape(_QUALIFIER.split(heading)[-1])
    if not (found or indented):
        return bool(name and re.match(_PLAIN_CALL.format(name=name), code))
    called = re.compile(rf"[^\n]*(?<!\w)(?:__)?{name}(?:__)?\s?\(")  # Markdown takes the marks of __init__ for bold
    typed = re.compile(rf"{_PROMPT}{re.escape(heading)}(?=\s)")
    return bool(name and (called.match(code) or typed.match(code)))


def parameter_of(text: str, signature: str) -> str:
    """Return the parameter of a signature that a sentence is about; "" if it is about what is called.

    It begins with the parameter, or with the condition that there is one.
    """
    remarks = (
        name for name in _PARAMETER.findall(signature) if re.match(_REMARK.format(name=name), text, re.IGNORECASE)
    )
    return next(remarks, "")


def class_of(path: Sequence[str]) -> str:
    """Return the class that headings are about, or what belongs to it: `Pattern`, `Pattern > match`; "" if none.

    Args:
        path: Headings, the topmost first; it names the document.
    """
    names = (part for heading in path[1:] for part in _QUALIFIER.split(_ARGUMENTS.sub("", heading.strip("` \t"))))
    return next(filter(_CLASS.fullmatch, names), "")


def words_of_a_name(name: str) -> list[str]:
    """Return the words that a name is put together from, in small letters: `ZipFile` has zip and file."""
    return [word.casefold() for word in _CAMEL.findall(name)]
