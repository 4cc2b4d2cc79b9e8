import random
from itertools import product
from pathlib import Path
from time import thread_time

import pytest

from rag.answering.filtering import is_plain, plain_text, visible
from rag.text import split_sentences
from tests.rag.answering.generation.attacks import ENCODINGS, KINDS, POSITIONS, escapes

ROOT = Path(__file__).parents[4]
SAID = "The harbour of Herongate has 42 berths"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("See [the map](http://evil.example/a_(b) 'title') now.", "See the map now."),
        ("See [the map][m] now.", "See (the map)(m) now."),
        ("[m]: https://evil.example 'title'", "(m): … 'title'"),
        ("It is ![so](//evil.example/p.png?q=1) long.", "It is long."),
        ("[![so](u)](https://evil.example) It is long.", "It is long."),
        ("It is long.[^1]", "It is long."),
        ("See <https://evil.example> and <leak@evil.example>.", "See … and < leak@ evil. example>."),
        ("See https://evil.example/a?b=c.", "See …."),
        ("See (www.evil.example).", "See (…)."),
        ("See evil.example, Evil.RU, sub.evil.museum, xn--e1a.xn--p1ai and яндекс.рф.",
         "See evil. example, Evil. RU, sub. evil. museum, xn--e1a. xn--p1ai and яндекс. рф."),
        ("See evil.example/p or //evil.example or \\\\evil\\share.", "See … or … or …."),
        ("Write to leak@evil.example or @channel.", "Write to leak@ evil. example or @ channel."),
        ("Run javascript:alert(1) or data:text/html,x now.", "Run …) or … now."),
        ("<p onclick='x()'>It <b>is</b><br/>long.</p>", "It is long."),
        ("<script>alert(1)</script>It is long.", "alert(1)It is long."),
        ("It is <!-- not --> long.", "It is long."),
        ("Mount <bucket> when x <y.", "Mount < bucket> when x < y."),
        ("It is long <", "It is long"),
        ("<!here> see <https://evil.example|your bank>.", "see …."),
        ("&lt;img src=x&gt; &#91;so&#x5D;(http&colon;//evil&period;example) &amp;lt;b&amp;gt;", "so"),
        ("Source [7] and 【7†source】 and ［７］ say so.", "Source (7) and (7†source) and (７) say so."),
        ("ｈｔｔｐｓ：／／ｅｖｉｌ．ｅｘａｍｐｌｅ and 𝐞𝐯𝐢𝐥․𝐞𝐱𝐚𝐦𝐩𝐥𝐞 say so.", "… and 𝐞𝐯𝐢𝐥․ 𝐞𝐱𝐚𝐦𝐩𝐥𝐞 say so."),
        ("h\u200bttps://ev\u00adil.exa\u202emple\x00 says\u2028so\ufe0f.", "… says so."),
        ("https%3A%2F%2Fevil.example says so.", "… says so."),
        ("\\[so\\]\\(http://evil.example\\) \\<b\\>", "(so)(…) \\"),
        ("# **Bold** and `code` and _more_", "Bold and code and more"),
        ("> - 1. It is long.", "It is long."),
    ],
)  # fmt: skip
def test_nothing_that_renders_loads_or_hides_is_left(said: str, shown: str) -> None:
    assert plain_text(said) == shown
    assert not list(escapes(shown))


@pytest.mark.parametrize(
    "said",
    [
        "It costs $3.50, or 3.5% of $2,000.00, at 10:30 a.m. in the U.S. and the E.U.",
        "Acme Inc. and Beta Ltd. v. Smith, No. 5, was decided on 4/9/2025 and 2025-09-04.",
        "Dr. J. R. Smith, Ph.D., of Washington, D.C., lost 3:2 and/or 3-2 (see p. 12).",
        "See report.pdf, data.csv, page.html and Node.js 4.0.1 in C:\\temp\\logs or /etc/hosts.",
        "“It’s ‘so’,” she said … and 5 < 7 > 3 while f(x) = 2 * 3 * x_1 ~ 4 & more!",
        "R&D at AT&T rose by +5 °C, ½ m², №7, 5′ 10″, 1⁄2, ©, ™ and 日本語。次の文。",
        "What?! Yes: he won; she lost—again, 1939–1945 (i.e. six years).",
        "Éire, Łódź, Αθήνα, Москва, 北京, القاهرة e.g. are cities.",
        "100% of the f***ing 50% and #1 of 3",
    ],
)
def test_honest_text_is_left_alone(said: str) -> None:
    assert is_plain(said)


def test_of_the_documents_here_only_markup_and_addresses_change() -> None:
    changed = []
    for path in (*(ROOT / "seeds").glob("*.txt"), *(ROOT / "tests/rag/data/kelp").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        for span in split_sentences(text):
            said = " ".join(text[span.start : span.end].split())
            if not is_plain(said):
                changed.append(said)
    assert len(changed) <= 11
    assert all(any(mark in said for mark in ("**", "#", "[", "\\$", "http", "Democracy.io")) for said in changed)


def test_no_attack_is_left_in_any_encoding_at_any_position() -> None:
    for (kind, encode, write), marker in product(
        product(KINDS.values(), ENCODINGS.values(), POSITIONS.values()), ("", "[1]")
    ):
        shown = plain_text(write(SAID, encode(kind), marker))
        assert not list(escapes(shown)), shown
        assert is_plain(shown)


def test_no_random_mixture_of_fragments_escapes() -> None:
    fragments = (
        *KINDS.values(),
        *"[]()<>!@:/\\.#&;*_`|%~",
        "evil.example",
        "//",
        "&lt;",
        "&#91;",
        "%5b",
        "\u200b",
        "：",
    )
    drawn = random.Random(7)
    for _ in range(2_000):
        pieces = drawn.choices(fragments, k=drawn.randint(2, 12))
        shown = plain_text("".join(piece[drawn.randrange(len(piece)) :] for piece in pieces))
        assert not list(escapes(shown)), pieces
        assert is_plain(shown)


def test_what_is_wrapped_without_end_is_not_let_through() -> None:
    assert plain_text(f"5 &{'amp;' * 5}lt; 7") == "5 < 7"
    assert plain_text(f"&{'amp;' * 50}lt;b>") == ""


def test_line_breaks_stay_visible_and_hidden_characters_do_not() -> None:
    assert (
        visible("a\u00a0b\tc\u3000d\r\ne\u2028f\u200b\u00ad\u202e\x07\ue000\ufe0f\u3164\U000e0041g")
        == "a b c d\n\ne\nfg"
    )


@pytest.mark.parametrize(
    "piece",
    ["[", "(", "<", "![", "![a](", "[a](", "[^", "</", "<a", "<!--", "a.", "aa.a/", "%41", "%4", "&amp;", "&lt;", "\\[",
     "x://", ":", "http:", "//a", "@a", "www.", "_*", "`", "- ", "1. ", "ｈ", "．a", "…<", "\u200b", "a", " "],
)  # fmt: skip
def test_time_is_linear_in_length(piece: str) -> None:
    short, long = ((piece * length)[:length] for length in (1_000, 10_000))
    assert _seconds(long) < 35 * max(_seconds(short), 0.0002)  # a quadratic search takes 100 times as long


def test_an_honest_sentence_takes_a_fraction_of_a_millisecond() -> None:
    assert _seconds("The council voted on Wednesday to raise the fare from 3 to 4 crowns, 61,000 a year.") < 0.001
    assert _seconds("The U.S. council [sic] voted to raise the fare from $3.50, see https://evil.example/a.") < 0.001


def _seconds(text: str) -> float:
    taken = []
    for _ in range(3):
        started = thread_time()
        plain_text(text)
        taken.append(thread_time() - started)
    return min(taken)
