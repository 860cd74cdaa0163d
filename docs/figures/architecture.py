"""Draw docs/images/architecture.svg: the assets, what each reads, and where the loop closes.

Run `python docs/figures/architecture.py` after a change to the graph; a test compares the file with what this draws.
"""

from dataclasses import dataclass
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "images" / "architecture.svg"
WIDTH, HEIGHT = 1189, 792
BOX_WIDTH, BOX_HEIGHT = 146, 46
COLUMN, ROW = 165, 122
LEFT, TOP = 18, 182  # of row 0; the sources are the row above

STYLE = """
  .page { fill: #ffffff; stroke: #d0d7de; }
  .band { fill: #f6f8fa; }
  .asset { fill: #ffffff; stroke: #0969da; }
  .outside { fill: #fff8e5; stroke: #9a6700; }
  .name { fill: #1f2328; font: 600 12px system-ui, sans-serif; text-anchor: middle; }
  .note { fill: #57606a; font: 11px system-ui, sans-serif; text-anchor: middle; }
  .label { fill: #57606a; font: italic 12px system-ui, sans-serif; }
  .legend { fill: #57606a; font: 11px system-ui, sans-serif; }
  .reads { stroke: #57606a; stroke-width: 1.4; fill: none; }
  .starts { stroke: #8250df; stroke-width: 1.6; fill: none; stroke-dasharray: 5 4; }
  .tip { fill: #57606a; }
  .tip-starts { fill: #8250df; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #30363d; }
    .band { fill: #161b22; }
    .asset { fill: #0d1117; stroke: #58a6ff; }
    .outside { fill: #272115; stroke: #d29922; }
    .name { fill: #e6edf3; }
    .note, .label, .legend { fill: #9da7b3; }
    .reads { stroke: #9da7b3; }
    .starts { stroke: #bc8cff; }
    .tip { fill: #9da7b3; }
    .tip-starts { fill: #bc8cff; }
  }
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A box of the picture.

    Attributes:
        name: First line: an asset's key, or what stands outside the graph.
        note: Second line.
        column: Place from the left, from 0.
        row: Place from the top, from -1.
        outside: Whether it is not an asset of the graph.
    """

    name: str
    note: str
    column: int
    row: int
    outside: bool = False

    @property
    def left(self) -> int:
        """X of the left edge."""
        return LEFT + COLUMN * self.column

    @property
    def top(self) -> int:
        """Y of the upper edge."""
        return TOP + ROW * self.row

    @property
    def right(self) -> int:
        """X of the right edge."""
        return self.left + BOX_WIDTH

    @property
    def bottom(self) -> int:
        """Y of the lower edge."""
        return self.top + BOX_HEIGHT

    @property
    def center(self) -> int:
        """X of the middle."""
        return self.left + BOX_WIDTH // 2

    @property
    def middle(self) -> int:
        """Y of the middle."""
        return self.top + BOX_HEIGHT // 2

    def svg(self) -> str:
        """Return the box with its two lines."""
        kind = "outside" if self.outside else "asset"
        return (
            f'<rect class="{kind}" x="{self.left}" y="{self.top}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"/>'
            f'<text class="name" x="{self.center}" y="{self.top + 20}">{self.name}</text>'
            f'<text class="note" x="{self.center}" y="{self.top + 36}">{self.note}</text>'
        )


BANDS = (
    "sources: mirrored into the home before the documents are read",
    "ingest: the job ingest, started by the sensor documents_folder",
    "evaluation: the job evaluate, every night",
    "adaptation and promotion: the job retrain, started by the sensor or a person",
    "models: the job quantize, every week if something changed",
    "knowledge graph: made of documents and chunks by the job ingest",
)

STORES = Box("Git, S3", "sources.yaml", 0, -1, outside=True)
MIRRORED = Box("mirrored_sources", "what changed", 1, -1)
CRAWLED = Box("crawled_pages", "robots.txt obeyed", 2, -1)
SITES = Box("web sites", "xnai crawl", 3, -1, outside=True)
FOLDER = Box("folder", "your documents", 0, 0, outside=True)
DOCUMENTS = Box("documents", "normalised text", 1, 0)
CHUNKS = Box("chunks", "passages, offsets", 2, 0)
EMBEDDINGS = Box("embeddings", "vectors, keywords", 3, 0)
RELEASE = Box("release", "the current pointer", 4, 0)
SEARCH = Box("search", "xnai search, Python", 5, 0, outside=True)
LABELS = Box("labels", "optional", 0, 1, outside=True)
QUESTIONS = Box("questions", "split by document", 1, 1)
POLICY = Box("ranking_policy", "weight of vectors", 2, 1)
EVALUATION = Box("retrieval_evaluation", "nDCG, recall, ms", 3, 1)
MLFLOW = Box("MLflow", "history", 4, 1, outside=True)
SENSOR = Box("accuracy sensor", "two drops in a row", 5, 1, outside=True)
ANSWERS = Box("answer_evaluation", "citations, refusals", 6, 1)
PAIRS = Box("training_pairs", "hard negatives", 0, 2)
ADAPTER = Box("lora_adapter", "low-rank weights", 1, 2)
ADAPTED = Box("adapted_encoder", "merged, quantized", 2, 2)
CHALLENGER = Box("challenger_index", "a second table", 3, 2)
COMPARISON = Box("adapter_evaluation", "paired intervals", 4, 2)
DECISION = Box("promotion_decision", "the gate", 5, 2)
ONNX = Box("encoder_onnx", "full precision", 0, 3)
CALIBRATION = Box("calibration_texts", "256 passages", 1, 3)
VARIANTS = Box("quantized_models/*", "14 variants", 2, 3)
CARD = Box("precision_card", "size, nDCG, speed", 3, 3)
CANDIDATE = Box("candidate_encoder", "the policy's choice", 4, 3)
ENCODERS = Box("encoder_card", "xnai encoders", 5, 3)
MENTIONS = Box("mentions", "exact ranges", 0, 4)
ENTITIES = Box("entities", "forms, aliases", 1, 4)
RELATIONS = Box("relations", "stated, co-occurring", 2, 4)
COMMUNITIES = Box("communities", "groups, summaries", 3, 4)

BOXES = (
    *(STORES, MIRRORED, CRAWLED, SITES),
    *(FOLDER, DOCUMENTS, CHUNKS, EMBEDDINGS, RELEASE, SEARCH),
    *(LABELS, QUESTIONS, POLICY, EVALUATION, MLFLOW, SENSOR, ANSWERS),
    *(PAIRS, ADAPTER, ADAPTED, CHALLENGER, COMPARISON, DECISION),
    *(ONNX, CALIBRATION, VARIANTS, CARD, CANDIDATE, ENCODERS),
    *(MENTIONS, ENTITIES, RELATIONS, COMMUNITIES),
)
NEIGHBOURS = (
    (STORES, MIRRORED),
    *((FOLDER, DOCUMENTS), (DOCUMENTS, CHUNKS), (CHUNKS, EMBEDDINGS), (EMBEDDINGS, RELEASE), (RELEASE, SEARCH)),
    *((LABELS, QUESTIONS), (QUESTIONS, POLICY), (POLICY, EVALUATION), (EVALUATION, MLFLOW), (MLFLOW, SENSOR)),
    *((PAIRS, ADAPTER), (ADAPTER, ADAPTED), (ADAPTED, CHALLENGER), (CHALLENGER, COMPARISON), (COMPARISON, DECISION)),
    *((CALIBRATION, VARIANTS), (VARIANTS, CARD), (CARD, CANDIDATE)),
    *((MENTIONS, ENTITIES), (ENTITIES, RELATIONS), (RELATIONS, COMMUNITIES)),
)
BELOW = ((MIRRORED, DOCUMENTS), (EMBEDDINGS, EVALUATION))
ASIDE = ((CRAWLED, DOCUMENTS), (CHUNKS, QUESTIONS), (EMBEDDINGS, POLICY))  # a column to the left, in the next row
LABEL = "The assets of xnai_pipelines, and the loop that retrains"
LEGEND = (
    "Blue: assets. Yellow: outside the graph. Solid: reads what the stage before stored. "
    "Dashed: starts a job, or moves the release pointer."
)
MARGIN = WIDTH - 17


def line(points: list[tuple[int, int]], kind: str = "reads") -> str:
    """Return a line through the points that ends in an arrow's tip."""
    (x0, y0), (x1, y1) = points[-2:]
    dx, dy = (x1 > x0) - (x1 < x0), (y1 > y0) - (y1 < y0)
    ends = [*points[:-1], (x1 - 6 * dx, y1 - 6 * dy)]
    path = " ".join(f"{x},{y}" for x, y in ends)
    base, side = (x1 - 8 * dx, y1 - 8 * dy), (4 * dy, 4 * dx)
    corners = [(x1, y1), (base[0] + side[0], base[1] + side[1]), (base[0] - side[0], base[1] - side[1])]
    tip = " ".join(f"{x},{y}" for x, y in corners)
    return (
        f'<polyline class="{kind}" points="{path}"/>'
        f'<polygon class="{"tip" if kind == "reads" else "tip-starts"}" points="{tip}"/>'
    )


def text(kind: str, x: int, y: int, words: str) -> str:
    """Return a line of words."""
    return f'<text class="{kind}" x="{x}" y="{y}">{words}</text>'


def draw() -> str:
    """Return the picture."""
    parts = [f'<rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="10"/>']
    for row, label in enumerate(BANDS, start=-1):
        top = TOP + ROW * row
        parts.append(
            f'<rect class="band" x="10" y="{top - 42}" width="{WIDTH - 34}" height="{BOX_HEIGHT + 54}" rx="8"/>'
        )
        parts.append(f'<text class="label" x="{LEFT + (BOX_WIDTH if row == 2 else 4)}" y="{top - 24}">{label}</text>')
    parts += [line([(a.right, a.middle), (b.left, b.middle)]) for a, b in NEIGHBOURS]
    parts.append(line([(SITES.left, SITES.middle), (CRAWLED.right, CRAWLED.middle)]))
    parts += [line([(a.center, a.bottom), (b.center, b.top)]) for a, b in BELOW]
    for a, b in ASIDE:
        x, y = a.center - 24, a.bottom + 10
        parts.append(line([(x, a.bottom), (x, y), (b.center + 24, y), (b.center + 24, b.top)]))
    above = VARIANTS.top - 12
    parts.append(
        line([(ONNX.center, ONNX.top), (ONNX.center, above), (VARIANTS.center, above), (VARIANTS.center, VARIANTS.top)])
    )
    turn = QUESTIONS.bottom + 15
    parts.append(
        line(
            [
                (QUESTIONS.center, QUESTIONS.bottom),
                (QUESTIONS.center, turn),
                (PAIRS.center, turn),
                (PAIRS.center, PAIRS.top),
            ]
        )
    )
    parts.append(
        line(
            [
                (SENSOR.center, SENSOR.bottom),
                (SENSOR.center, turn + 9),
                (PAIRS.center + 30, turn + 9),
                (PAIRS.center + 30, PAIRS.top),
            ],
            "starts",
        )
    )
    over = RELEASE.top - 12
    parts.append(
        line(
            [
                (DECISION.right, DECISION.middle),
                (MARGIN, DECISION.middle),
                (MARGIN, over),
                (RELEASE.center, over),
                (RELEASE.center, RELEASE.top),
            ],
            "starts",
        )
    )
    past = CANDIDATE.top - 12
    joins = [(CANDIDATE.center, CANDIDATE.top), (CANDIDATE.center, past), (MARGIN, past), (MARGIN, DECISION.middle)]
    parts.append(f'<polyline class="starts" points="{" ".join(f"{x},{y}" for x, y in joins)}"/>')
    parts += [box.svg() for box in BOXES]
    parts.append(text("note", CANDIDATE.right + 90, past - 6, "xnai run --new-release"))
    parts.append(text("legend", LEFT, HEIGHT - 24, LEGEND))
    body = "\n".join(parts)
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{LABEL}">\n'
        f"<style>{STYLE}</style>\n{body}\n</svg>\n"
    )


if __name__ == "__main__":
    TARGET.write_text(draw(), encoding="utf-8")
