"""The graph around an entity as one HTML page: a picture in SVG, its relations and the sentences they rest on.

The page loads nothing: no script, no font, no address of another machine.
"""

import math
from collections.abc import Sequence
from html import escape

from xnai_pipelines.graph.answers import Entity, Neighbour
from xnai_pipelines.graph.relations import CO_OCCURS
from xnai_pipelines.graph.stored import KnowledgeGraph
from xnai_pipelines.wording import counted, shortened

DRAWN = 24  # neighbours in the picture
LISTED = 100
_WIDTH, _HEIGHT = 1_120, 760
_INNER, _OUTER = 0.62, 1.0  # circles of the neighbours, of the radius
_LONGEST = 26  # characters of a label
_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1120px; margin: 2rem auto; padding: 0 1rem;
  background: Canvas; color: CanvasText; }
svg { width: 100%; height: auto; border: 1px solid color-mix(in srgb, CanvasText 20%, Canvas); }
svg text { font: 13px system-ui, sans-serif; fill: CanvasText; paint-order: stroke; stroke: Canvas; stroke-width: 4px; }
svg .middle { font-weight: 700; font-size: 16px; }
svg line { stroke: color-mix(in srgb, CanvasText 25%, Canvas); }
svg .stated { stroke: #2563eb; }
svg circle { fill: #64748b; }
svg .stated-end { fill: #2563eb; }
svg .centre { fill: #b45309; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0;
  border-bottom: 1px solid color-mix(in srgb, CanvasText 15%, Canvas); }
td.number, th.number { text-align: right; }
.place, .note { opacity: .75; font-size: 13px; }
"""

Point = tuple[float, float]


def page(graph: KnowledgeGraph, name: str) -> str:
    """Return the page around the entity with this name or id.

    Raises:
        GraphQueryError: There is none, or several have the name.
    """
    entity, ties = graph.around(name, limit=LISTED)
    drawn = entity.neighbours[:DRAWN]
    facts = f"{escape(entity.type)}; {counted(entity.mentions, 'mention')} in {counted(entity.documents, 'document')}"
    also = [alias for alias in entity.aliases if alias != entity.form]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(entity.form)} - knowledge graph</title><style>{_STYLE}</style></head><body>",
            f"<h1>{escape(entity.form)}</h1>",
            f"<p>{facts}.{' Also: ' + escape(', '.join(also)) + '.' if also else ''}</p>",
            _definition(entity),
            _picture(entity, drawn, ties),
            '<p class="note">Blue: the text states the relation. Grey: named together more often than by chance.</p>',
            _relations(entity.neighbours),
            "</body></html>\n",
        ]
    )


def _definition(entity: Entity) -> str:
    if entity.definition is None:
        return ""
    place = f"{entity.definition.source} [{entity.definition.start}:{entity.definition.end}]"
    return f'<p>{escape(entity.definition.text)} <span class="place">{escape(place)}</span></p>'


def _picture(entity: Entity, drawn: Sequence[Neighbour], ties: Sequence[tuple[str, str]]) -> str:
    """Return the picture: the entity in the middle, its neighbours around it on two circles in turn."""
    middle = (_WIDTH / 2, _HEIGHT / 2)
    distinct = list({one.entity_id: one for one in reversed(drawn)}.values())[::-1]
    places = {one.entity_id: _place(at, len(distinct)) for at, one in enumerate(distinct)}
    among = {tuple(sorted(tie)) for tie in ties if tie[0] != tie[1] and set(tie) <= set(places)}
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label={_quoted("Neighbours of " + entity.form)}>',
        *(_line(places[first], places[second], "") for first, second in sorted(among)),
        *(_line(middle, places[one.entity_id], _class(one, "stated")) for one in distinct),
        *(_node(places[one.entity_id], one.form, _class(one, "stated-end"), _says(entity, one)) for one in distinct),
        f'<circle class="centre" cx="{middle[0]:.0f}" cy="{middle[1]:.0f}" r="9"/>',
        _label((middle[0], middle[1] - 16), entity.form, "middle", ' class="middle"'),
        "</svg>",
    ]
    return "\n".join(parts)


def _place(at: int, number: int) -> Point:
    """Return the place of a neighbour; labels of an ellipse's sides have more room than those of its top."""
    angle = 2 * math.pi * (at + 0.5) / max(1, number) - math.pi / 2
    share = _OUTER if at % 2 or number < 9 else _INNER
    return _WIDTH / 2 + share * 0.32 * _WIDTH * math.cos(angle), _HEIGHT / 2 + share * 0.43 * _HEIGHT * math.sin(angle)


def _line(one: Point, other: Point, kind: str) -> str:
    marked = f' class="{kind}"' if kind else ""
    return f'<line{marked} x1="{one[0]:.0f}" y1="{one[1]:.0f}" x2="{other[0]:.0f}" y2="{other[1]:.0f}"/>'


def _node(place: Point, form: str, kind: str, says: str) -> str:
    side = place[0] - _WIDTH / 2
    anchor, shift = ("middle", 0) if abs(side) < 0.06 * _WIDTH else ("start", 9) if side > 0 else ("end", -9)
    above = -10 if anchor == "middle" and place[1] < _HEIGHT / 2 else 18 if anchor == "middle" else 4
    marked = f' class="{kind}"' if kind else ""
    return (
        f"<g><title>{escape(says)}</title>"
        f'<circle{marked} cx="{place[0]:.0f}" cy="{place[1]:.0f}" r="5"/>'
        f"{_label((place[0] + shift, place[1] + above), form, anchor)}</g>"
    )


def _label(place: Point, form: str, anchor: str, more: str = "") -> str:
    words = escape(shortened(form, _LONGEST))
    return f'<text{more} text-anchor="{anchor}" x="{place[0]:.0f}" y="{place[1]:.0f}">{words}</text>'


def _class(one: Neighbour, name: str) -> str:
    return "" if one.type == CO_OCCURS else name


def _says(entity: Entity, one: Neighbour) -> str:
    first, second = (entity.form, one.form) if one.outward else (one.form, entity.form)
    return f"{first} {one.type.replace('_', ' ')} {second}"


def _relations(neighbours: Sequence[Neighbour]) -> str:
    rows = [
        f"<tr><td>{'' if one.outward else '← '}{escape(one.type.replace('_', ' '))}</td>"
        f'<td>{escape(one.form)}</td><td class="number">{one.weight:.2f}</td><td>{_sentence(one)}</td></tr>'
        for one in neighbours
    ]
    head = '<tr><th>relation</th><th>entity</th><th class="number">weight</th><th>sentence</th></tr>'
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _sentence(one: Neighbour) -> str:
    if one.evidence is None:
        return ""
    place = f"{one.evidence.source} [{one.evidence.start}:{one.evidence.end}]"
    return f'{escape(one.evidence.text)}<br><span class="place">{escape(place)}</span>'


def _quoted(text: str) -> str:
    return f'"{escape(text, quote=True)}"'
