"""`rag.corpus.formats.webpage`: the article and its date, without the site around it."""

import pytest

from rag.corpus.formats.webpage import read
from rag.corpus.metadata import Metadata
from rag.errors import DocumentError
from tests.rag.corpus.formats import making


def test_a_page_is_described_by_its_head() -> None:
    assert read(making.PAGE.encode()).metadata == Metadata(
        title="Otters are back",
        publisher="The Shore Post",
        published="2025-09-04",
        published_basis="printed",
        authors="Ann Shore",
        language="en-GB",
    )


def test_the_article_is_read_and_nothing_around_it() -> None:
    text = read(making.PAGE.encode()).text
    for there in (making.COUNT, "## Tickets", "The director of the trust is Berta Holm.", "- Feed no otter."):
        assert there in text
    for around in ("cookies", "Sport", "crabs", "Imprint", "Copyright", "tracking"):
        assert around not in text


def test_rows_of_a_page_name_their_columns() -> None:
    assert "- Ticket: Adult; Price: 12.50 euros; Season: Summer.\n" in read(making.PAGE.encode()).text


def test_a_page_without_navigation_is_content_from_top_to_bottom() -> None:
    body = "<p>Short.</p><div>Bare text<br>on two lines</div><ul><li>One<ul><li>Deep</li></ul></li></ul>"
    assert read(page(body=body)).text == "Short.\n\nBare text\non two lines\n\n- One\n- Deep"


SITE = "<title>Otters | The Post</title>"


def test_what_is_no_article_is_not_cut() -> None:
    """trafilatura alone keeps only the last paragraph of this."""
    terms = "".join(f"<dt>Option {n}</dt><dd>Sets the depth of the dive to {n} metres.</dd>" for n in range(40))
    menu = "".join(f'<li><a href="/{n}">Page number {n}</a></li>' for n in range(20))
    told = read(page(body=f"<nav>Menu</nav><ul>{menu}</ul><dl>{terms}</dl><p>{making.FILLING}</p>")).text
    assert told.count("Sets the depth of the dive") == 40
    assert "Page number" not in told


@pytest.mark.parametrize(
    ("head", "title", "publisher", "authors"),
    [
        (SITE, "Otters | The Post", None, None),
        (SITE + '<meta property="og:site_name" content="The Post">', "Otters", "The Post", None),
        ('<meta name="dc.creator" content="Ann"><meta name="dc.creator" content="Ben">', None, None, "Ann; Ben"),
        ('<meta property="article:author" content="https://facebook.com/ann">', None, None, None),
        (
            '<script type="application/ld+json">[{"@type": ["NewsArticle"], "headline": "Otters", '
            '"datePublished": "2025", "author": [{"name": "Ann"}, {"name": "Ben"}], '
            '"publisher": {"name": "The Post"}}]</script>',
            "Otters", "The Post", "Ann; Ben",
        ),
    ],
)  # fmt: skip
def test_only_what_a_page_declares_describes_it(
    head: str, title: str | None, publisher: str | None, authors: str | None
) -> None:
    told = read(page(head)).metadata
    assert (told.title, told.publisher, told.authors) == (title, publisher, authors)


def page(head: str = "", body: str = "<p>Otters sleep in kelp.</p>") -> bytes:
    return f"<html><head>{head}</head><body>{body}</body></html>".encode()


LINKED = '<script type="application/ld+json">{}</script>'


@pytest.mark.parametrize(
    ("head", "body", "published"),
    [
        ('<meta name="DC.date.issued" content="2025-09">', "", "2025-09"),
        ('<meta name="citation_publication_date" content="2025/09/04">', "", "2025-09-04"),
        ('<meta itemprop="datePublished" content="4 September 2025">', "", "2025-09-04"),
        (LINKED.format('{"@graph": [{"@type": "NewsArticle", "datePublished": "2025-09-04T10"}]}'), "", "2025-09-04"),
        ("", '<time itemprop="datePublished" datetime="2025-09-04">last week</time>', "2025-09-04"),
        ("", "<p>Published on 4 September 2025</p>", "2025-09-04"),
        ('<meta property="article:modified_time" content="2025-10-01">', "", None),
        (LINKED.format('{"@type": "Comment", "datePublished": "2025-09-04"}'), "", None),
        (LINKED.format("{broken"), "", None),
        ('<link rel="canonical" href="https://shore.example/2019/03/04/otters">', "", None),
        ("", "<p>The battle of 4 May 1632 was lost.</p><time datetime='2024-01-01'>an event</time>", None),
        ("", "<p>Copyright 2019 The Shore Post</p>", None),
    ],
)  # fmt: skip
def test_only_a_declared_or_printed_date_is_one_of_publication(head: str, body: str, published: str | None) -> None:
    assert read(page(head, f"{body}<p>Otters sleep in kelp.</p>")).metadata.published == published


def test_hidden_text_is_not_read() -> None:
    hidden = (
        '<p style="display: none">No.</p><p hidden>No.</p><div aria-hidden="true">No.</div><template>No.</template>'
    )
    assert read(page(body=f"{hidden}<p>Yes.</p>")).text == "Yes."


def test_a_page_is_read_in_the_encoding_that_it_declares() -> None:
    content = '<html><head><meta charset="iso-8859-1"></head><body><p>Café – “Otter”</p></body></html>'
    assert read(content.encode("cp1252")).text == "Café – “Otter”"
    xhtml = '<?xml version="1.0" encoding="windows-1251"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>Выдра&nbsp;спит.</p></body></html>'
    assert read(xhtml.encode("cp1251")).text == "Выдра спит."


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("<p>Café</p>".encode("cp1252"), "iconv"),
        (b'<meta charset="klingon"><p>x</p>', "its encoding is 'klingon', which is not known"),
        (b'<meta charset="shift_jis"><p>\x81</p>', "it says that it is in shift_jis and is not"),
        (b'<meta charset="rot13"><p>x</p>', "its encoding is 'rot13', which is not known"),
    ],
)
def test_a_page_in_no_encoding_that_it_declares_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(DocumentError, match=says):
        read(content)


def test_cells_that_span_say_their_words_in_each_row() -> None:
    rows = "<tr><th>Ticket</th><th>Season</th><th>Price</th></tr><tr><td rowspan=2>Adult</td><td>Summer</td><td>12"
    text = read(page(body=f"<table>{rows}<tr><td>Winter</td><td>8</td></tr></table>")).text
    assert text == "- Ticket: Adult; Season: Summer; Price: 12.\n- Ticket: Adult; Season: Winter; Price: 8."


def test_a_cell_that_claims_to_span_a_billion_is_one() -> None:
    text = read(page(body="<table><tr><td colspan=1000000 rowspan=999999>a</td><td>b</td></tr></table>")).text
    assert text == "- a: b." or text.startswith("- a; b")


def test_tables_that_arrange_a_page_are_no_rows() -> None:
    body = "<table><tr><td><h2>Left</h2><p>Some text.</p></td><td><p>More text.</p></td></tr></table>"
    assert read(page(body=body)).text == "## Left\n\nSome text.\n\nMore text."
