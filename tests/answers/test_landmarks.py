"""A citation names the headings above its quote and the page of it, also if its passage began under others."""

import pyarrow as pa
import pytest

from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.landmarks import Landmark, Structures, landmarks
from xnai_pipelines.state.schemas import DOCUMENTS

TEXT = "# os\n\n## remove\nDeletes a file.\n\n## rename\nMoves a file.\n\n# sys\nThe system.\n"
REMOVE, RENAME, SYS = (TEXT.index(title) for title in ("## remove", "## rename", "# sys"))
HEADINGS = [
    {"start": 0, "level": 1, "title": "os"},
    {"start": REMOVE, "level": 2, "title": "remove"},
    {"start": RENAME, "level": 2, "title": "rename"},
    {"start": SYS, "level": 1, "title": "sys"},
]
PAGES = [{"start": 0, "label": "page 3"}, {"start": RENAME + 2, "label": "page 4"}]
ROWS = [
    {"document_id": "other", "headings": [{"start": 5, "level": 1, "title": "Other"}], "pages": None},
    {"document_id": "a", "headings": HEADINGS, "pages": PAGES},
    {"document_id": "bare", "headings": None, "pages": None},
]


@pytest.fixture(scope="module")
def structures() -> Structures:
    schema = pa.schema([DOCUMENTS.schema.field(name) for name in ("document_id", "headings", "pages")])
    return Structures(pa.Table.from_pylist(ROWS, schema=schema))


def passage(start: int, end: int, *path: str, page: str | None = "page 3") -> dict[str, object]:
    return {"start": start, "end": end, "heading_path": list(path), "page": page}


def test_a_passage_of_several_sections_and_pages_has_a_landmark_for_each(structures: Structures):
    found = list(landmarks(passage(REMOVE, len(TEXT), "os", "remove"), structures.of("a")))
    assert found == [
        Landmark(REMOVE, ("os", "remove"), "page 3"),
        Landmark(RENAME, ("os", "rename"), "page 3"),
        Landmark(RENAME + 2, ("os", "rename"), "page 4"),
        Landmark(SYS, ("sys",), "page 4"),
    ]


def test_lines_above_a_heading_that_belong_to_it_do_not_hide_the_others(structures: Structures):
    found = list(landmarks(passage(REMOVE - 1, SYS, "os", "remove"), structures.of("a")))
    assert [landmark.heading_path[-1] for landmark in found] == ["remove", "remove", "rename", "rename"]


@pytest.mark.parametrize("document_id", ["a", "other", "bare", "deleted"])
def test_headings_of_an_edited_or_deleted_document_are_not_used(structures: Structures, document_id: str):
    old = passage(0, len(TEXT), "Another title")
    assert list(landmarks(old, structures.of(document_id))) == [Landmark(0, ("Another title",), "page 3")]


@pytest.mark.parametrize(("quote", "path", "page"), [
    ("Deletes a file.", ("os", "remove"), "page 3"),
    ("Moves a file.", ("os", "rename"), "page 4"),
    ("The system.", ("sys",), "page 4"),
])  # fmt: skip
def test_a_citation_has_the_headings_and_the_page_of_its_quote(
    structures: Structures, quote: str, path: tuple[str, ...], page: str
):
    marks = tuple(landmarks(passage(REMOVE, len(TEXT), "os", "remove"), structures.of("a")))
    text = TEXT[REMOVE:]
    found = Evidence(
        "a", "a.md", "os", ("a-1",), REMOVE, len(TEXT), text, ("os", "remove"), "page 3", 1.0, landmarks=marks
    )
    cited = found.cite(TEXT.index(quote), TEXT.index(quote) + len(quote))
    assert (cited.quote, cited.heading_path, cited.page) == (quote, path, page)
