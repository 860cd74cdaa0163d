"""JSON files and Jupyter notebooks."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from xnai_pipelines.documents.parsers.markup.code import parse_code
from xnai_pipelines.documents.parsers.markup.markdown import parse_markdown
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content, Markup, Omission
from xnai_pipelines.documents.parsers.records.fields import distinct_keys
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.errors import UnreadableError

_MARK = "\ufdd0"  # a noncharacter, which no text has
_LONGEST_OUTPUT = 20_000  # characters
_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_STRING = r'("(?:\\.|[^"\\\n])*")'
_COMMENT = re.compile(rf"{_STRING}|//[^\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"{_STRING}|(?<![\[{{,\s])\s*,(?=\s*[}}\]])")
_NUMBER = re.compile(f'"{_MARK}([-+.0-9eE]+|NaN|-?Infinity){_MARK}"')


def parse_json(text: str, stem: str) -> Content:
    """Return the value, indented by two. The title is the "title" or "name" of an object, else `stem`.

    JSON with comments or with a comma after a last value, as settings of editors have, is returned as it is written.

    Raises:
        UnreadableError: "damaged" with line and column if the text is not JSON; "too_deep".
    """
    try:
        value = load_json(text)
    except UnreadableError as error:
        if error.kind != "damaged" or not _is_json_with_comments(text):
            raise
        return replace(parse_code(text, stem), encoding_repair="json with comments or commas at the end")
    title = stem
    if isinstance(value, dict):
        names = [value[key] for key in ("title", "name") if isinstance(value.get(key), str)]
        title = next((words for name in names if (words := single_line(normalise(name)))), stem)
    try:
        pretty = _NUMBER.sub(r"\1", json.dumps(value, indent=2, ensure_ascii=False))
    except RecursionError as error:
        raise _too_deep() from error
    return Content(title=title, text=normalise(pretty), markup=Markup.PLAIN)


def _is_json_with_comments(text: str) -> bool:
    bare = _COMMENT.sub(r"\1", text)
    try:
        load_json(_TRAILING_COMMA.sub(r"\1", bare))
    except UnreadableError:
        return False
    return True


def parse_notebook(text: str, stem: str, *, outputs: bool = False) -> Content:
    """Return a Jupyter notebook as Markdown, with code cells fenced.

    Attached pictures are counted, and so are outputs, or with `outputs` those that have no text. The text of an output
    follows its cell.

    Raises:
        UnreadableError: "damaged" if the file is not a notebook.
    """
    notebook = load_json(text)
    if not isinstance(notebook, dict):
        raise _not_notebook()
    sheets = notebook.get("worksheets")  # nbformat 3
    cells = sheets[0].get("cells") if isinstance(sheets, list) and sheets else notebook.get("cells")
    if not isinstance(cells, list):
        raise _not_notebook()
    metadata = notebook.get("metadata")
    language = _language(metadata) if isinstance(metadata, dict) else ""
    found = [cell for cell in cells if isinstance(cell, dict)]
    parts = [part for cell in found for part in (_cell(cell, language), *(_outputs(cell) if outputs else ())) if part]
    content = parse_markdown(normalise("\n\n".join(parts)), stem)
    return replace(content, omissions=_left_out(found, outputs))


def load_json(text: str) -> Any:  # any JSON value
    """Return the value of a JSON text. NaN and Infinity, which some programs write against RFC 8259, are kept.

    Raises:
        UnreadableError: "damaged" with line and column; "too_deep".
    """
    try:
        return json.loads(text, parse_constant=_as_written, parse_float=_as_written, object_pairs_hook=distinct_keys)
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise UnreadableError("damaged", f"The file is not valid JSON: {error}. Fix it there.") from error


def _cell(cell: dict[str, Any], language: str) -> str:
    source = cell.get("source", cell.get("input", ""))
    words = "".join(map(str, source)) if isinstance(source, list) else str(source)
    kind = cell.get("cell_type")
    if not words.strip() or kind not in {"markdown", "code", "heading", "raw"}:
        return ""
    if kind == "heading":  # nbformat 3
        return "#" * int(cell.get("level", 1)) + " " + words
    if kind in {"markdown", "raw"}:
        return words
    return _fenced(words, language)


def _fenced(words: str, language: str) -> str:
    fence = "```"
    while fence in words:
        fence += "`"
    return f"{fence}{language}\n{words.rstrip()}\n{fence}"


def _outputs(cell: dict[str, Any]) -> Iterator[str]:
    """Yield the texts of the outputs of a cell, each cut at `_LONGEST_OUTPUT` characters."""
    for output in _listed(cell.get("outputs")):
        if words := _TERMINAL_COLOURS.sub("", _output_text(output)).strip("\n"):
            yield _fenced(words[:_LONGEST_OUTPUT], "")


def _left_out(cells: list[dict[str, Any]], outputs: bool) -> tuple[Omission, ...]:
    omitted = Omitted()
    for cell in cells:
        for output in _listed(cell.get("outputs")):
            words = _output_text(output)
            if not (outputs and words.strip()):
                omitted.add("output of a cell", words)
            elif len(words) > _LONGEST_OUTPUT:
                omitted.add("end of a long output", words[_LONGEST_OUTPUT:])
        attached = cell.get("attachments")
        for name in attached if isinstance(attached, dict) else ():
            omitted.add("attached picture", name)
    return omitted.listed()


def _output_text(output: Any) -> str:
    """Return the text of an output: printed, shown, or of an error."""
    if not isinstance(output, dict):
        return ""
    shown = output.get("data")
    text = shown.get("text/plain") if isinstance(shown, dict) else output.get("text", output.get("evalue"))
    return "".join(map(str, text)) if isinstance(text, list) else str(text or "")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _language(metadata: dict[str, Any]) -> str:
    for section, key in (("language_info", "name"), ("kernelspec", "language")):
        named = metadata.get(section)
        if isinstance(named, dict) and isinstance(named.get(key), str):
            return str(named[key])
    return "python"


def _as_written(number: str) -> str:
    """Return a number in marks, which `parse_json` removes: 12.50 is not shown as 12.5."""
    return f"{_MARK}{number}{_MARK}"


def _too_deep() -> UnreadableError:
    return UnreadableError("too_deep", "The JSON is nested too deeply to read. Flatten it.")


def _not_notebook() -> UnreadableError:
    return UnreadableError("damaged", "The file is JSON but not a notebook: it has no list of cells.")
