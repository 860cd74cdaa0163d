"""Formulas of Office files (OMML) as LaTeX in the text around them. Runs only in the worker process."""

import re
from typing import Any

from xnai_pipelines.documents.parsers.office.xml_parts import plain_run, tag_name

_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
# Each has properties, which files may leave out and markitdown needs.
_WITH_PROPERTIES = {
    *("acc", "bar", "d", "eqArr", "f", "func", "groupChr", "limLow", "limUpp", "m", "nary", "rad", "sSub", "sSup"),
}
_BOXES = {"borderBox", "phant", "sPre"}  # they only place or frame what is in them
_HOLDERS = {"oMathPara", "m"}  # a line of formulas; on a slide, what holds it
_SPELT = re.compile(r"[A-Za-z0-9]+")


def put_formulas(root: Any) -> None:
    """Replace each formula below a node by a run with its LaTeX, `$$` around those that have a line of their own."""
    places: dict[Any, None] = {}
    for formula in [node for node in root.iter(f"{_MATH}oMath") if node is not root]:
        place = formula
        while (parent := place.getparent()) is not root and tag_name(parent) in _HOLDERS:
            place = parent
        mark = "$$" if tag_name(formula.getparent()) == "oMathPara" else "$"
        if latex := _latex(formula):
            place.addprevious(plain_run(place, f"{mark}{latex}{mark}"))
        places[place] = None
    for place in places:
        place.getparent().remove(place)


def _latex(formula: Any) -> str:
    """Return the LaTeX of a formula, or its letters and signs alone if they do not all survive the conversion."""
    from markitdown.converter_utils.docx.math.omml import oMath2Latex

    words = [node.text or "" for node in formula.iter(f"{_MATH}t")]
    for node in list(formula.iter()):
        name = tag_name(node)
        if name in _BOXES:
            node.tag = f"{_MATH}box"
        elif name in _WITH_PROPERTIES and node.find(f"{_MATH}{name}Pr") is None:
            node.insert(0, node.makeelement(f"{_MATH}{name}Pr"))
    try:
        latex = str(oMath2Latex(formula)).strip()
    except (KeyError, AttributeError, TypeError, ValueError, IndexError, NotImplementedError):
        latex = ""
    whole = "".join(latex.split())
    return latex if all(piece in whole for text in words for piece in _SPELT.findall(text)) else " ".join(words).strip()
