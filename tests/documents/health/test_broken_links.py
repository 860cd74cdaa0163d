"""A link is reported if it certainly leads nowhere, and only then."""

import pytest

from tests.support.health_corpora import findings_of

TARGET = "# Install\n\n## Step one\n\n## Step one\n\n### `pip` & more\n\n## Über uns\n\nText.\n"


def broken(files: dict[str, str]) -> list[str]:
    found = findings_of(files, "broken_link", "broken_anchor")
    return [one.message.partition(": ")[0] for one in found]


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ("[a](gone.md)", "gone.md"),
        ("[a](./gone.md#top)", "./gone.md#top"),
        ("[a](../docs/gone.md)", "../docs/gone.md"),
        ("[a](<gone page.md>)", "gone page.md"),
        ('[a](gone.md "Title (of it)")', "gone.md"),
        ("[a](gone%20page.md)", "gone%20page.md"),
        ("[a][b]\n\n[b]: gone.md", "gone.md"),
        ("![a](img/gone.png)", "img/gone.png"),
        ("[![a](img/gone.png)](install.md)", "img/gone.png"),
        ('<a href="gone.md">a</a>', "gone.md"),
        ("- item\n\n    [a](gone.md)", "gone.md"),
        ("[a](Install.md)", "Install.md"),
        ("[a](install.md#nowhere)", "install.md#nowhere"),
        ("[a](#nowhere)", "#nowhere"),
    ],
)
def test_a_target_that_does_not_exist_is_reported(link, name):
    assert broken({"docs/page.md": f"# Page\n\n{link}\n", "docs/install.md": TARGET}) == [name]


@pytest.mark.parametrize(
    "link",
    [
        "[a](install.md)",
        "[a](install)",
        "[a](../install/)",
        "[a](install.html)",
        "[a](install.md?plain=1#L3)",
        "[a](/docs/install.md)",
        "[a](/docs/gone.md)",
        "[a](../../outside.md)",
        "[a](gone)",
        "[a](gone.html)",
        "[a](https://example.org/gone.md)",
        "[a](mailto:ada@example.org)",
        "[a]({{ page }}.md)",
        "`[a](gone.md)`",
        "```\n[a](gone.md)\n```",
        "Text:\n\n    [a](gone.md)",
        "<!-- [a](gone.md) -->",
        r"\[a](gone.md)",
        "[a](install.md#step-one)",
        "[a](install.md#step-one-1)",
        "[a](install.md#step-one_1)",
        "[a](install.md#pip--more)",
        "[a](install.md#pip-more)",
        "[a](install.md#über-uns)",
        "[a](install.md#uber-uns)",
        "[a](install.md#L10)",
        '<a name="here"></a>[a](#here)',
        "## Named { #here }\n\n[a](#here)",
        "[a](sub/)",
        "[a](assets/logo.png)",
    ],
)
def test_a_target_that_exists_or_may_exist_elsewhere_is_not_reported(link):
    files = {"docs/install.md": TARGET, "docs/sub/index.md": "# Sub\n", "docs/assets/logo.png": ""}
    assert broken({"docs/page.md": f"# Page\n\n{link}\n", **files}) == []


@pytest.mark.parametrize(
    ("markup", "names"),
    [
        (":doc:`gone`", ["gone"]),
        (":doc:`the guide <gone>`", ["gone"]),
        (".. image:: gone.png", ["gone.png"]),
        (".. toctree::\n   :maxdepth: 2\n\n   other\n   Title <gone>", ["gone"]),
        ("`text <gone.rst>`_", ["gone.rst"]),
        (".. literalinclude:: gone.py", ["gone.py"]),
        (":doc:`other` :ref:`elsewhere` `text <other.rst>`__ :doc:`/anything`", []),
        ("Code::\n\n   :doc:`gone`", []),
        (".. code-block:: rst\n\n   .. image:: gone.png", []),
        (".. :doc:`gone`", []),
        ("``:doc:`gone```", []),
        (".. toctree::\n   :glob:\n\n   o*", []),
    ],
)
def test_restructuredtext_is_resolved_as_sphinx_does(markup, names):
    assert broken({"page.rst": f"Page\n====\n\n{markup}\n", "other.rst": "Other\n=====\n\nText.\n"}) == names


def test_a_page_that_its_language_lacks_is_taken_from_the_original():
    files = {"docs/en/a.md": "# A\n", "docs/en/b.md": "# B\n", "docs/de/a.md": "# A\n\n[b](b.md) [c](c.md)\n"}
    assert broken(files) == ["c.md"]
    assert broken({"docs/en/a.md": "[b](b.md)\n", "docs/de/b.md": "# B\n"}) == ["b.md"]


def test_kinds_of_files_that_a_copy_of_a_part_lacks_are_not_judged():
    one = "# A\n\n![a](img/a.png)\n"
    assert broken({"a.md": one}) == ["img/a.png"]
    assert broken({"a.md": f"{one}![b](img/b.png) ![c](img/c.svg)\n"}) == []


def test_anchors_of_pages_with_generated_headings_are_not_judged():
    generated = {"a.md": "[x](b.md#made)\n", "b.md": "# B\n\n::: package.module\n"}
    assert broken(generated) == []
    assert broken(generated | {"b.md": "# B\n"}) == ["b.md#made"]


def test_a_finding_has_its_place_and_names_the_file_in_other_case():
    [found] = findings_of({"a.md": "# A\n\nSee [b](B.md).\n", "b.md": "# B\n"}, "broken_link")
    assert (found.line, found.source) == (3, "a.md")
    assert "# A\n\nSee [b](B.md).\n"[found.start : found.end] == "[b](B.md)"
    assert "b.md" in found.action


def test_a_page_is_an_orphan_if_the_others_are_linked_and_no_question_finds_it():
    files = {f"{name}.md": f"# {name}\n\n[next]({after}.md)\n" for name, after in ("ab", "bc", "cd", "de", "ea")}
    files["lost.md"] = "# Lost\n"
    [found] = findings_of(files, "orphan")
    assert found.source == "lost.md"
    asked = findings_of(files, "orphan", landings={})
    assert "no question finds it" in asked[0].message
