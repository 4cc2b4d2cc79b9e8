import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from api.slack.escaping import ZERO_WIDTH_SPACE, escaped
from tests.slack.answers import HOSTILE, UNHURRIED

SPECIAL = re.compile(r"[<>]|&(?!amp;|lt;|gt;)")
LIVE = re.compile(
    r"@\w|#[^\W\d]|://|\bwww\.\w|\w\.(?:example|com)\b|:[a-z0-9_+-]+:|\]\(|(?<!\w)[*_~`]\S|\[\d+\]|&lt;[!@#a-z]", re.I
)


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("AT&T < IBM > &lt;", "AT&amp;T &lt; IBM &gt; &amp;lt;"),
        ("<!here>", "&lt;\u200b!here&gt;"),
        ("@channel", "@\u200bchannel"),
        ("https://evil.example", "https:\u200b//evil.\u200bexample"),
        (":smile:", ":\u200bsmile:"),
        ("[3]", "[\u200b3]"),
        ("[click](/x)", "[click]\u200b(/x)"),
        ("*b* ~s~ `c` _i_ __init__", "∗b∗ ∼s∼ ˋcˋ ˍiˍ ˍˍinitˍˍ"),
        ("@`x` @_x", "@\u200bˋxˋ @\u200bˍx"),
        ("- item", "\u200b- item"),
        ("> said", "\u200b&gt; said"),
        ("a\n\n b\u202ec\x07\ud800", "a bc \ufffd"),
    ],
)
def test_what_would_be_live_is_shown_as_it_stands(foreign: str, shown: str) -> None:
    assert escaped(foreign) == shown


@pytest.mark.parametrize(
    "plain",
    [
        "The U.S. gave $3.8 billion at 10:30:45, see snake_case in 001_c4a1.txt (p. 3).",
        "Er sagte: „Nein“ – 5 % weniger!",
        "می‌خواهم 日本語。",
    ],
)
def test_ordinary_text_is_untouched(plain: str) -> None:
    assert escaped(plain) == plain


@UNHURRIED
@given(
    st.lists(st.one_of(st.sampled_from(HOSTILE.split(" ")), st.text(max_size=6)), max_size=12),
    st.sampled_from(["", " "]),
)
@example(HOSTILE.split(" "), " ")
def test_nothing_is_live_in_mrkdwn(parts: list[str], glue: str) -> None:
    shown = escaped(glue.join(parts))
    assert not SPECIAL.search(shown), shown
    assert not LIVE.search(shown), shown
    shown.encode()  # no half characters, which Slack refuses


@UNHURRIED
@given(st.lists(st.one_of(st.sampled_from(HOSTILE.split(" ")), st.text(max_size=6)), max_size=12))
@example(HOSTILE.split(" "))
def test_nothing_is_live_in_markdown(parts: list[str]) -> None:
    rendered = MarkdownIt("commonmark").parseInline(escaped(" ".join(parts)))
    kinds = {token.type for token in rendered[0].children or [] if token.type != "text_special"}
    assert kinds <= {"text"}, kinds


def test_only_invisible_characters_are_added_inside_words() -> None:
    assert escaped("see https://a.example now").replace(ZERO_WIDTH_SPACE, "") == "see https://a.example now"
