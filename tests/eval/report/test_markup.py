import pytest

from eval.report.markup import Html, join, seen, tag


def test_text_is_escaped_and_markup_is_not() -> None:
    assert str(tag("p", "a < b & c", tag("b", '"d"'))) == "<p>a &lt; b &amp; c<b>&quot;d&quot;</b></p>"


def test_an_entity_in_a_text_is_shown_as_it_is_written() -> None:
    assert str(tag("p", "&amp;")) == "<p>&amp;amp;</p>"


def test_an_attribute_cannot_be_left() -> None:
    assert str(tag("a", href='#"><script>')) == '<a href="#&quot;&gt;&lt;script&gt;"></a>'


def test_attributes_are_named_as_html_has_them() -> None:
    assert str(tag("input", class_="x", data_flags="", hidden=True, checked=False, id=None)) == (
        '<input class="x" data-flags="" hidden/>'
    )


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("\u202eabc", "⟨U+202E⟩abc"),
        ("a\x00b", "a⟨U+0000⟩b"),
        ("a\u2028b", "a⟨U+2028⟩b"),
        ("\x1b[31m", "⟨U+001B⟩[31m"),
        ("\ud800", "⟨U+D800⟩"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
    ],
)
def test_what_a_reader_cannot_see_is_made_visible(hidden: str, shown: str) -> None:
    assert seen(hidden) == shown
    assert str(tag("p", hidden)) == f"<p>{shown}</p>"


def test_strings_that_are_joined_are_escaped() -> None:
    assert join(["<", Html("<br/>"), None], between="&") == Html("&lt;&amp;<br/>")
