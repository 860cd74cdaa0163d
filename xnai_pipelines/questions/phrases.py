"""The first whole sentence of a passage and the text of a heading, without markup."""

import re

_FENCED = re.compile(r"^(```|~~~).*?(?:^\1[^\n]*$|\Z)", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6}\s.*$|^.*\n(?:={3,}|-{3,}|~{3,}|\^{3,})\s*$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_ROLE = re.compile(r":[a-z:]+:`~?([^`<\n]*?)(?:\s*<[^`\n]*>)?`")
_MARKUP = re.compile(r"[`*]+|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)|</?[A-Za-z][^>\n]{0,200}>")
_ANCHOR = re.compile(r"\s*\{\s*[#.][^}\n]*\}")
_NUMBER = re.compile(r"^(?:\d+\.)*\d+[.)]?\s+")
_NOT_PROSE = re.compile(r"\s{4}|\t|[|>+]|\.\. |:\w|[-*•]\s|\d+[.)]\s|>>>|\$ ")
_SENTENCE_END = re.compile(r"(?:(?<=[.!?…])|(?<=[.!?…][\"'”»)\]]))\s+|(?<=[。！？])")
_WORD = re.compile(r"\w+")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")

WORDS = range(6, 41)
UNSPACED_LETTERS = range(10, 121)


def without_markup(text: str) -> str:
    """Return a text on one line without links, emphasis, tags, anchors and leading numbers."""
    text = _MARKUP.sub("", _ROLE.sub(r"\1", _LINK.sub(r"\1", _ANCHOR.sub("", text))))
    return " ".join(_NUMBER.sub("", text.strip()).split())


def first_sentence(text: str) -> str | None:
    """Return the first whole sentence of prose in a passage, of 6 to 40 words; None if there is none.

    Skips headings, code, tables and lists, and the end of a sentence that started in an earlier passage.
    """
    prose = _HEADING.sub("\n", _FENCED.sub("\n", text))
    for paragraph in re.split(r"\n\s*\n", prose):
        if _NOT_PROSE.match(paragraph.lstrip("\n")):
            continue
        for sentence in _sentences(without_markup(paragraph)):
            if not sentence[:1].islower() and _fits(sentence):
                return sentence
    return None


def _sentences(text: str) -> list[str]:
    sentences: list[str] = []
    for piece in _SENTENCE_END.split(text):
        if sentences and piece[:1].islower():  # the full stop belonged to "e.g."
            sentences[-1] += f" {piece}"
        else:
            sentences.append(piece)
    return sentences


def _fits(sentence: str) -> bool:
    if not sentence.rstrip("\"'”»)]").endswith((".", "!", "?", "…", "。", "！", "？")):
        return False
    unspaced = len(_UNSPACED.findall(sentence))
    if unspaced > len(sentence) / 2:
        return unspaced in UNSPACED_LETTERS
    return len(_WORD.findall(sentence)) in WORDS
