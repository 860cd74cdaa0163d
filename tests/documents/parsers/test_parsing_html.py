"""A web page keeps all its content and drops only navigation, banners and footers."""

import pytest

from xnai_pipelines.documents.parsers.markup.html import html_text, parse_html
from xnai_pipelines.documents.parsers.parsed import Omission
from xnai_pipelines.errors import UnreadableError

WORDS = "<p>" + "The manual explains how the pump is started and who looks after it. " * 8 + "</p>"


def text_of(body: str, head: str = "<title>Manual</title>") -> str:
    return parse_html(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>", "stem").text


@pytest.mark.parametrize("around", ["{}", "<main>{}</main>", "<article>{}</article>", "<div id=content>{}</div>"])
@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<section class='shared-duties'><h2>Duties</h2><p>Turn the key.</p></section>", "Turn the key."),
        ("<section id='related-parts'><h2>Parts</h2><p>Order the seal.</p></section>", "Order the seal."),
        ("<h2>Tags</h2><p>Every pipe has a tag.</p>", "Every pipe has a tag."),
        ("<aside><p>Wear gloves when you open it.</p></aside>", "Wear gloves"),
        ("<div class='note sidebar'>Mind the step.</div>", "Mind the step."),
        ("<figure><img src=a.png><figcaption>Figure 2, the inlet</figcaption></figure>", "Figure 2"),
        ("<img src=a.png alt='The pump from above'>", "The pump from above"),
        ("<dl><dt>--quiet</dt><dd>Prints no log.</dd></dl>", "--quiet"),
        ("<h2>See</h2><ul><li><a href=x>Start of the pump</a></li></ul>", "- Start of the pump"),
        ("<p>Forms:</p><table><tr><td><a href=x>Leave form</a></td><td>A4</td></tr></table>", "| Leave form | A4 |"),
        ("<table><tr><th>A<th>B<tr><td>1<td><ul><li>one<li>two</ul></table>", "| 1 | one; two |"),
        ("<section id=cookies><h2>Cookies</h2><p>A session lasts an hour.</p></section>", "A session lasts an hour."),
        ("<div class=consent><p>The patient must sign.</p></div>", "The patient must sign."),
        ("<h2 id=cookie-banner>Informed consent</h2>", "Informed consent"),
        ("<svg><title>Icon</title><g><text>Pump <tspan>stops</tspan></text></g></svg>", "Pump stops"),
        ("<svg><foreignObject><div>Pump</div><div>stops</div></foreignObject></svg>", "Pump stops"),
        ("<table><caption>Prices of 2024</caption><tr><td>1<td>2</table>", "Prices of 2024"),
        ("<ol><li>Stop<ol><li>Press red</ol></ol>", "Press red"),
        ("<label><input type=checkbox checked> Oil</label><label><input type=checkbox> Water</label>", "[x] Oil"),
        ("<x-y><template shadowrootmode=open><p>In the shadow.</p></template></x-y>", "In the shadow."),
        ("<svg role=img><title>The pump from below</title><path/></svg>", "The pump from below"),
        ("<section class=footnotes><ol><li id=fn1>Measured in May.</ol></section>", "Measured in May."),
        ("<blockquote><p>Never run dry.</p></blockquote>", "Never run dry."),
        ("<details><summary>More</summary><p>Hidden until opened.</p></details>", "Hidden until opened."),
        ("<div role=tabpanel hidden><p>The second tab.</p></div>", "The second tab."),
        ("<form><label>City</label><input value='Lyon'><textarea>Dear all</textarea></form>", "Lyon\n\nDear all"),
        ("<p>Rate <math><mi>x</mi><annotation encoding='application/x-tex'>x^2</annotation></math>.</p>", "x^2"),
        ("<div class=comment><p>This worked for me.</p></div>", "This worked for me."),
    ],
)
def test_content_is_kept_whatever_its_tag_or_class(around: str, html: str, kept: str) -> None:
    assert kept in text_of(around.format(f"<h1>Pump</h1>{WORDS}{html}"))


@pytest.mark.parametrize(
    "prolog",
    [
        '<?xml version="1.0" encoding="UTF-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml">',
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">\n<html>',
    ],
)
def test_an_empty_element_of_xhtml_takes_nothing_that_follows(prolog: str) -> None:
    sections = "".join(f'<h2><a id="part-{at}"/>Part {at}</h2><p>Bolt {at} holds it.</p>' for at in range(3))
    head = '<head><title>Pump</title><script src="menu.js"/></head>'
    parsed = parse_html(f"{prolog}{head}<body><h1><a id='top'/>Pump</h1>{sections}</body></html>", "stem")
    assert [heading.title for heading in parsed.headings] == ["Pump", "Part 0", "Part 1", "Part 2"]
    assert all(f"Bolt {at} holds it." in parsed.text for at in range(3))


def test_all_articles_of_a_page_are_kept() -> None:
    articles = [f"<article><h2>News {at}</h2><p>Message number {at} of the day.</p></article>" for at in range(5)]
    text = text_of("".join(articles))
    assert all(f"Message number {at}" in text for at in range(5))


@pytest.mark.parametrize(
    "html",
    [
        "<nav><a href=x>Imprint</a></nav>",
        "<div role=navigation>Imprint</div>",
        "<footer><p>Imprint</p></footer>",
        "<div class='site-footer'><a href=x>Imprint</a></div>",
        "<ul class='main-menu'><li><a href=x>Imprint</a></ul>",
        "<div id=cookie-banner><p>Imprint and cookies.</p></div>",
        "<script>Imprint</script><template>Imprint</template><p hidden>Imprint</p>",
        "<input type=hidden value=Imprint><input type=password value=Imprint>",
    ],
)
def test_navigation_banners_and_footers_are_dropped(html: str) -> None:
    lost_by_extractor = "<div class=shared-duties><p>The owner turns the key.</p></div>"
    text = text_of(f"{html}<main><h1>Pump</h1>{WORDS}{lost_by_extractor}</main>{html}")
    assert "Imprint" not in text
    assert "The owner turns the key." in text


def test_what_a_page_names_its_navigation_is_counted_as_that() -> None:
    menu, links = "<ul class=menu><li><a href=x>Home</a></ul>", "<div><a href=y>Sitemap</a></div>"
    parsed = parse_html(f"<body>{menu}{links}<main><h1>Pump</h1>{WORDS}</main></body>", "stem")
    assert {omission.part: omission.example for omission in parsed.omissions} == {
        "line of navigation": "Home",
        "line taken for navigation": "Sitemap",
    }


LINK = "<a href=x>The form for leave of the whole department</a>"


@pytest.mark.parametrize("name", ["related", "toc", "sidebar", "menu", "footer"])
@pytest.mark.parametrize("around", ["<table class={}>{}</table>", "<div id={}><table>{}</table></div>"])
def test_a_table_that_says_more_than_its_links_is_content_whatever_its_name(around: str, name: str) -> None:
    rows = "".join(f"<tr><td>{LINK}<td>A{at}" for at in range(2))
    text = text_of(around.format(name, rows) + f"<main><h1>Pump</h1>{WORDS}</main>")
    assert "| The form for leave of the whole department | A1 |" in text
    trail = "".join(f"<tr><td>{LINK}<td>›<td>{LINK}" for _ in range(2))
    assert "whole department" not in text_of(around.format(name, trail) + f"<main><h1>Pump</h1>{WORDS}</main>")


def test_a_sentence_among_links_is_kept_or_told_from_navigation() -> None:
    links = "".join(f"<li>{LINK}</li>" for _ in range(4))
    sentence = "Staff below the grade of inspector hand in both forms before the first of May."
    page = f"<body><div class=related><p>{sentence}</p><ul>{links}</ul></div><main><h1>Pump</h1>{WORDS}</main></body>"
    parsed = parse_html(page, "stem")
    told = [omission.part for omission in parsed.omissions if sentence in (omission.example or "")]
    assert told == ["line taken for navigation"] or sentence in parsed.text


def test_links_that_begin_a_section_are_content() -> None:
    related = "<div><h2>See also</h2><div class=body><div><p><a href=x>pump-stop(1)</a></p></div></div></div>"
    text = text_of(f"<div><a href=y>Sitemap</a></div><div><h1>Pump</h1>{WORDS}</div>{related}")
    assert "## See also\n\npump-stop(1)" in text
    assert "Sitemap" not in text


def test_a_page_of_nothing_but_links_is_kept() -> None:
    assert "Start" in text_of("<ul><li><a href=a>Start</a></li><li><a href=b>Stop</a></li></ul>")


def test_cells_that_span_rows_are_repeated_and_layout_tables_are_not_tables() -> None:
    rows = "<tr><th>Region<th>City<th>Sum<tr><td rowspan=2>North<td>Oslo<td>1<tr><td>Bergen<td>2"
    text = text_of(f"<table>{rows}</table>")
    assert "| North | Oslo | 1 |\n| North | Bergen | 2 |" in text
    layout = text_of(f"<table><tr><td><a href=x>Home</a><td><h1>Pump</h1>{WORDS}<table><tr><td>a<td>b</table></table>")
    assert "# Pump" in layout
    assert "| a | b |" in layout


def test_a_hostile_table_is_read_in_little_memory() -> None:
    spans = "".join("<tr>" + "<td rowspan=999999 colspan=1000>x" * 20 for _ in range(50))
    assert html_text(f"<body><table>{spans}</table>").count("x") == 1000


def test_lists_terms_and_quotes_are_marked() -> None:
    marked = html_text(
        "<body><ol><li><p>Stop</p><p>Wait</p><ol><li>Press</ol></ol><dl><dt>-q</dt><dd>Quiet</dd></dl><blockquote>Dry</blockquote>"
    )
    assert marked == "1. Stop\n\nWait\n\n  1. Press\n\n-q\n: Quiet\n\n> Dry"


def test_every_term_of_a_definition_list_stands_above_its_text_whose_paragraphs_are_marked() -> None:
    marked = html_text(
        "<dl><dt><p>-q</p></dt><dt>--quiet</dt><dd><p>Say little.</p><p>Errors stay.</p><ul><li>All</li></ul></dd>"
        "<dt>-v</dt><dd><pre>loud</pre></dd><dt>-x</dt></dl><p>End</p>"
    )
    assert marked == ("-q\n--quiet\n: Say little.\n\n: Errors stay.\n\n- All\n\n-v\n\n```\nloud\n```\n\n-x\n\nEnd")


def test_a_table_of_contents_that_repeats_headings_is_left_out() -> None:
    contents = "".join(f'<dt><a href="#{at}">{at}. Part</a></dt>' for at in range(9))
    parts = "".join(f"<h2>{at}. Part</h2><p>What the part number {at} says in its own words.</p>" for at in range(9))
    page = parse_html(f'<body><h1>Manual</h1><div class="toc"><dl>{contents}</dl></div>{parts}</body>', "manual")
    assert page.text.count("3. Part") == 1


def test_a_letter_in_html_keeps_every_word() -> None:
    letter = "<body><div class=menu><a href=x>View online</a></div><p>Dear all</p><footer>Call 112</footer>"
    assert html_text(letter) == "View online\n\nDear all\n\nCall 112"
    assert html_text("<html><body></body></html>") == ""


def test_a_letter_in_html_keeps_the_addresses_of_its_links() -> None:
    links = (
        "<a href=https://pay.example/7>Pay here</a> <a href=mailto:ann@b.example>ann@b.example</a> <a href=#x>up</a>"
    )
    assert html_text(f"<body><p>{links}</p>") == "Pay here (https://pay.example/7) ann@b.example up"


def test_a_page_without_words_has_its_own_reason() -> None:
    with pytest.raises(UnreadableError) as caught:
        text_of("<div id=app></div><script>run()</script>")
    assert caught.value.kind == "no_text"


def test_what_a_page_shows_without_scripts_and_in_frames_is_counted() -> None:
    page = f"{WORDS}<noscript>Call 0800 112</noscript><noscript>Enable JavaScript</noscript><iframe srcdoc='<p>Inner'>"
    assert parse_html(page, "stem").omissions == (
        Omission("embedded frame or player", 1, "Inner"),
        Omission("text for browsers without scripts", 1, "Call 0800 112"),
    )


def test_a_set_of_frames_gives_its_text_or_names_a_frame() -> None:
    frames = "<frameset><frame src=main.html><noframes><body>{}</body></noframes></frameset>"
    assert parse_html(frames.format("<p>See the list.</p>"), "stem").text == "See the list."
    with pytest.raises(UnreadableError, match=r"frames, such as main\.html"):
        parse_html(frames.format(""), "stem")


def test_the_foot_of_a_table_stands_below_it() -> None:
    table = "<table><tfoot><tr><td>Sum<td>9</tfoot><tr><th>Item<th>EUR<tr><td>a<td>9</table>"
    assert html_text(table) == "| Item | EUR |\n| --- | --- |\n| a | 9 |\n| Sum | 9 |"


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p><span>Bo</span><span class=c2>ld</span> words <a href=x>lin</a>ked</p>", "Bold words linked"),
        ("<div>di<wbr>vided <em>x</em>y</div>", "divided xy"),
    ],
)
def test_a_word_in_several_pieces_of_markup_stays_whole(html: str, words: str) -> None:
    assert words in text_of(html)
    assert words in text_of(WORDS + html + WORDS)


def test_ordered_lists_keep_their_numbers() -> None:
    start = "<ol start=4><li>Fourth<ol><li>Inner</li></ol></li><li value=9>Ninth</li><li>Tenth</li></ol>"
    assert text_of(start).split("\n\n") == ["4. Fourth", "  1. Inner", "9. Ninth", "10. Tenth"]
    assert "2. Drain it" in text_of("<ol><li>Stop it</li><li>Drain it</li></ol><form><input value=x></form>")


@pytest.mark.parametrize("sign", ["¶", "#", "🔗"])
def test_signs_of_anchors_are_no_part_of_headings(sign: str) -> None:
    page = (
        f"<h1 id=a>Install<a class=headerlink href='#a'>{sign}</a></h1><p>Run it, then see <a href='#a'>above</a>.</p>"
    )
    assert text_of(page) == "# Install\n\nRun it, then see above."
    assert parse_html(f"<body>{page}</body>", "stem").title == "Install"


def test_headers_and_footers_of_docbook_pages_are_navigation() -> None:
    table = "<table><tr><td><a href='a.html'>Prev</a></td><td><a href='b.html'>Next</a></td></tr></table>"
    page = f"<div class=navheader>{table}</div><h1>Backup</h1><p>Copy it.</p><div class=navfooter>{table}</div>"
    assert text_of(page) == "# Backup\n\nCopy it."
