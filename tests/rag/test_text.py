"""`rag.text`: where sentences begin and end, what counts as a statement, and words as the keyword index has them."""

import json
import random
import re
import sqlite3
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.text import content_stems, is_statement, plain, split_blocks, split_sentences, stem, words


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


def blocks(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_blocks(text)]


@pytest.mark.parametrize(
    "text",
    [
        "The U.S. Treasury froze the assets.",
        "U.S. President Joe Biden's administration opposed it.",
        "On Jan. 5 the court met, and on Sept. 4 it ruled.",
        "Mr. Smith and Mrs. Jones met Prof. Okoro and Gen. Li.",
        "J. K. Rowling met J.R.R. Tolkien.",
        "A. Smith went home.",
        "I. Newton was there.",
        "Sen. Lindsey Graham answered Rep. Ilhan Omar and Gov. Ron DeSantis.",
        "The vote is at 3 p.m. Monday in The Hague.",
        "The vote is at 10 a.m. Eastern time.",
        "Prices rose by 3.5 percent to $2.10.",
        "He lives in Washington, D.C. with his wife.",
        "See No. 5, Fig. 3 and example.com for more.",
        "A selective approach (e.g. the one in use) fails.",
        "“Is it over?” he asked.",
        '"It is over!" she said.',
        "“It is a serious blow,” Khan said.",
        "Wait... what happened then?",
        "Wait… what happened then?",
        "The so-called “Hague Invasion Act” was passed in 2002.[3]",
    ],
)
def test_a_sentence_is_not_cut_inside(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He lives in the U.S. He likes it.", ["He lives in the U.S.", "He likes it."]),
        ("It rose 3.5. Then it fell.", ["It rose 3.5.", "Then it fell."]),
        ("It was 2024. 3 people died.", ["It was 2024.", "3 people died."]),
        ("“We are done.” He left.", ["“We are done.”", "He left."]),
        ('"Is it over?" he asked. "No," she said.', ['"Is it over?" he asked.', '"No," she said.']),
        ("“One,” he said. “Two.” “Three.”", ["“One,” he said.", "“Two.”", "“Three.”"]),
        ("He left... Then he came back.", ["He left...", "Then he came back."]),
        ("It is so.[3] Nobody knows why.", ["It is so.[3]", "Nobody knows why."]),
        ("He left.\u00a0She stayed. \u00a0 They met.", ["He left.", "She stayed.", "They met."]),
        ("It shut at 3 p.m.", ["It shut at 3 p.m."]),
        ("It is late. It shut at 3 p.m.", ["It is late.", "It shut at 3 p.m."]),
    ],
)
def test_sentences_are_told_apart(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**It is over.** He left.", ["**It is over.**", "He left."]),
        ("He left. *Nobody* saw it. _Really._ Yes.", ["He left.", "*Nobody* saw it.", "_Really._", "Yes."]),
        ("He left. *Nobody saw him.*", ["He left.", "*Nobody saw him.*"]),
    ],
)
def test_emphasis_stays_with_the_sentence_it_closes(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_what_holds_no_word_stays_with_the_sentence_before_it() -> None:
    assert sentences("He left. ... She stayed. 🎉") == ["He left. ...", "She stayed. 🎉"]


def test_list_items_are_sentences_of_their_own_without_their_markers() -> None:
    text = "- one\n* two\n• three\n– four\n1. five\n10) six\na) seven\n(b) eight\n(C) nine\n> ten\n   - eleven"
    assert sentences(text) == [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    ]  # fmt: skip


def test_list_item_goes_on_in_an_indented_lower_case_line() -> None:
    assert sentences("1. First step\n   goes on here. It ends.\n2. Second") == [
        "First step\n   goes on here.",
        "It ends.",
        "Second",
    ]


def test_year_or_long_number_that_opens_a_sentence_is_not_a_list_marker() -> None:
    assert sentences("2024. A bad year.") == ["2024.", "A bad year."]
    assert sentences("1,200 people came.") == ["1,200 people came."]


@pytest.mark.parametrize("rule", ["---", "***", "* * *", "___", "=====", "~~~~", "  - - -  "])
def test_horizontal_rule_parts_paragraphs_and_is_no_text(rule: str) -> None:
    assert sentences(f"One goes here\n{rule}\nand two there") == ["One goes here", "and two there"]


def test_heading_stands_alone_above_below_and_between_text() -> None:
    text = "# First title\nText follows here. More text.\n## Second title\nlower-case text.\n\nA Heading\n\nOn we go."
    assert sentences(text) == [
        "# First title",
        "Text follows here.",
        "More text.",
        "## Second title",
        "lower-case text.",
        "A Heading",
        "On we go.",
    ]


def test_heading_without_full_stop_is_not_glued_to_the_paragraph_below() -> None:
    text = "Targeting civil society is an attack on justice \nOn 4 September 2025, the government announced sanctions."
    assert blocks(text) == [
        "Targeting civil society is an attack on justice",
        "On 4 September 2025, the government announced sanctions.",
    ]


MAIL = """\
The International Criminal Court has condemned the sanctions imposed by
the United States on its judges. In a letter to the President of the
U.S. Senate it asked for help, and the letter was read by Sen. Angus
King on Monday. Nobody answered it.

A second paragraph follows."""


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_mail_wrapped_at_72_columns_is_read_across_its_lines(line_break: str) -> None:
    text = MAIL.replace("\n", line_break)
    assert [sentence.replace(line_break, " ") for sentence in sentences(text)] == [
        "The International Criminal Court has condemned the sanctions imposed by the United States on its judges.",
        "In a letter to the President of the U.S. Senate it asked for help, and the letter was read by "
        "Sen. Angus King on Monday.",
        "Nobody answered it.",
        "A second paragraph follows.",
    ]


def test_wrapping_after_an_abbreviation_does_not_end_the_sentence() -> None:
    text = (
        "The committee was told on Monday by a high official who works at the U.S.\nTreasury Department in Washington."
    )
    assert sentences(text) == [text]


def test_wrapping_before_a_bracket_does_not_end_the_sentence() -> None:
    text = "It was decided by the judges of the International Criminal Court\n(ICC) to open an inquiry."
    assert sentences(text) == [text]


def test_lines_that_are_paragraphs_are_not_joined() -> None:
    text = (
        "ICC Condemns US Sanctions Targeting Judges and Prosecutors\n"
        "New sanctions imposed by the US draw international criticism, posing a threat to judicial independence "
        "and to the rule of law, as many say\n"
        "The International Criminal Court has expressed strong condemnation of the new sanctions"
    )
    assert sentences(text) == text.split("\n")


def test_short_lines_are_not_taken_for_wrapped_ones() -> None:
    assert sentences("Author\nJane Smith\nThe Hague") == ["Author", "Jane Smith", "The Hague"]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_break_parts_paragraphs(line_break: str) -> None:
    text = f"One goes here{line_break}{line_break}Two goes there.{line_break}"
    assert sentences(text) == ["One goes here", "Two goes there."]


def test_line_of_white_space_parts_paragraphs() -> None:
    assert sentences("One goes here\n \u00a0\t\nand two there") == ["One goes here", "and two there"]


def test_byte_order_mark_is_no_text() -> None:
    assert sentences("\ufeff# Title\nText.") == ["# Title", "Text."]
    assert sentences("\ufeff") == []


@pytest.mark.parametrize("text", ["", " \n\t\u00a0\r\n", "---", "- \n* "])
def test_nothing_said_is_no_sentence(text: str) -> None:
    assert split_sentences(text) == []


@pytest.mark.parametrize("filler", ["word ", "x", "a" + " " * 3000, "🎉"])
def test_endless_sentence_is_cut_and_loses_nothing(filler: str) -> None:
    text = filler * (12_000 // len(filler)) + "end"
    found = sentences(text)
    assert len(found) > 3
    assert max(map(len, found)) <= 2000
    assert min(map(len, found)) > 0
    assert "".join("".join(found).split()) == "".join(text.split())


@pytest.mark.parametrize("text", ["---" + " " * 50_000 + "x", "a" * 1_000_000, "." * 300_000 + "x", "(" * 100_000])
def test_hostile_line_takes_no_quadratic_time(text: str) -> None:
    assert split_sentences(text)  # seconds to hours when a pattern backtracks


HOSTILE = st.lists(
    st.sampled_from(
        [
            "He left. ", "“No.” ", "U.S. ", "3 p.m. ", "word ", "Word ", "…", "?! ", "**", "* ", "_x_ ", "# ", "- ",
            "1. ", "a) ", "(B) ", "> ", "---", "***", "|a|b|", "x" * 80, "word " * 14, "\n", "\n\n", "\r\n", "\r", "\t",
            " ", " " * 2100, "\u00a0", "\u2028", "\x0b", "\x1c", "\x85", "\u200b", "\ufeff", "🎉", "👩‍👧", "e\u0301",
            "\u0301", "שלום ", "مرحبا. ", "漢字。", "[1]", "a@b.org ", "https://x.org/a ",
        ]
    ),
    max_size=40,
).map("".join) | st.text(max_size=200)  # fmt: skip
MARKER = re.compile(r"[-*+•‣◦▪–—]|\(?\d{1,3}[.)]|\(?[a-z][.)]|\(?[A-Z]\)|>+")


@given(HOSTILE)
@settings(max_examples=300, deadline=None)
def test_spans_are_ordered_disjoint_trimmed_and_never_empty(text: str) -> None:
    spans = split_sentences(text)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    for span in spans:
        assert 0 <= span.start < span.end <= len(text)
        assert text[span.start : span.end] == text[span.start : span.end].strip()


@given(HOSTILE)
@settings(max_examples=300, deadline=None)
def test_only_white_space_rules_one_marker_a_line_and_a_byte_order_mark_are_lost(text: str) -> None:
    kept = [False] * len(text)
    for span in split_sentences(text):
        kept[span.start : span.end] = [True] * (span.end - span.start)
    kept[:1] = [True] if text.startswith("\ufeff") else kept[:1]
    for line in re.finditer(r"[^\r\n]+", text):
        lost = "".join(text[at] for at in range(*line.span()) if not kept[at]).strip()
        bare = "".join(line.group().lstrip("\ufeff").split())
        is_rule = len(bare) >= 3 and set(bare) <= set("-*_=~#")
        assert not lost or is_rule or (MARKER.fullmatch(lost) and bare.startswith(lost))


@given(HOSTILE)
@settings(max_examples=100, deadline=None)
def test_no_sentence_crosses_a_block(text: str) -> None:
    whole = [(block.start, block.end) for block in split_blocks(text)]
    for span in split_sentences(text):
        assert any(start <= span.start and span.end <= end for start, end in whole)


@pytest.mark.parametrize(
    "text",
    [
        "The court condemned the sanctions.",
        "“We will go on,” he said.",
        "He called it “illegitimate.”",
        "**It is over now.**",
        "It was passed in 2002.[3]",
        "It was passed in 2002. [3][4]",
        "“Is it over?” he asked.",
        "Stop the attack now!",
        "The three groups - Al Haq, Al Mezan and the PCHR - have asked the court to investigate Israeli leaders",
    ],
)
def test_a_full_sentence_is_a_statement(text: str) -> None:
    assert is_statement(text)


@pytest.mark.parametrize(
    "text",
    [
        "top of page",
        "Image not found or type unknown",
        "Read more:",
        "Read more: https://www.example.com/a/b/c.html.",
        "https://example.com/one-two-three-four-five-six-seven/eight.",
        "www.example.com/a.b.c.d.",
        "<mailto:press.office@example.com>.",
        "first.second.third@example.com.",
        "Who was sanctioned on Thursday?",
        "Who was sanctioned on Thursday?!",
        "What did he say!?",
        "“Who was sanctioned on Thursday?”",
        "**Who was sanctioned?**",
        "誰が制裁を受けたのか、分かりますか？",
        "# The court condemned the sanctions.",
        "ICC Condemns US Sanctions Targeting Judges and Prosecutors",
        "The groups which asked the court to open an inquiry into the crimes and the leaders are these:",
        "**The groups which asked the court to open an inquiry into the crimes and the leaders are these:**",
        "Yes, indeed.",
        "1. 2.",
        "---",
        "",
    ],
)
def test_headings_furniture_addresses_and_questions_are_not_statements(text: str) -> None:
    assert not is_statement(text)


@pytest.mark.parametrize("tail", ["@" * 2000, "a" * 2000 + "@", "a@" * 3, "." * 2000 + "x", "!\"'" * 600 + "x"])
def test_is_statement_takes_no_cubic_time(tail: str) -> None:
    assert not is_statement(f"One two three {tail}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**Marco Rubio** said\nso.", "Marco Rubio said so."),
        ("**The whole of it.**", "The whole of it."),
        ("## A `title`", "A title"),
        ("**First of two.", "First of two."),
        ("last of *two.*", "last of two."),
        ("2 * 3 is 2**1 * 3, snake_case is C#.", "2 * 3 is 2**1 * 3, snake_case is C#."),
        ("He said  \r\n  “no.”", "He said “no.”"),
    ],
)
def test_plain_drops_line_breaks_and_emphasis_and_nothing_else(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_words_are_lower_case_without_diacritics_or_emphasis() -> None:
    assert words("Über _Café_ e\u0301tude ÅNGSTRÖM İstanbul") == ["uber", "cafe", "etude", "angstrom", "istanbul"]


def test_letters_of_other_scripts_keep_their_marks() -> None:
    assert words("Йод Ёлка ガラス") == ["йод", "ёлка", "ガラス"]


def test_number_is_one_word_and_a_footnote_number_is_not_part_of_one() -> None:
    assert words("It cost 1,250.50, i.e. 3.5m. The groups.3 And 2025.") == [
        "it", "cost", "1,250.50", "i", "e", "3.5m", "the", "groups", "3", "and", "2025",
    ]  # fmt: skip


def test_content_stems_join_the_forms_of_a_word_and_drop_stop_words() -> None:
    assert content_stems("The sanctions that were sanctioning us") == ["sanction", "sanction", "us"]
    assert content_stems("what of the") == []


def fts5_terms(texts: Sequence[str]) -> list[list[str]]:
    """What SQLite's keyword index makes of each text; the tokenizer is that of `rag.index.library`."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE t USING fts5 (x, tokenize = 'porter unicode61 remove_diacritics 2')")
    database.execute("CREATE VIRTUAL TABLE v USING fts5vocab (t, instance)")
    database.executemany("INSERT INTO t (rowid, x) VALUES (?, ?)", enumerate(texts))
    found: list[list[str]] = [[] for _ in texts]
    for term, document in database.execute("SELECT term, doc FROM v ORDER BY doc, offset"):
        found[document].append(term)
    database.close()
    return found


def test_stems_are_the_terms_of_the_keyword_index() -> None:
    """Else a question's commonest words count as unseen: "assembly" did, and "us", with Snowball's `porter` alone."""
    tokenizer = json.loads((files("rag") / "models/all-MiniLM-L6-v2/tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = [word for word in tokenizer["model"]["vocab"] if not word.startswith(("##", "["))]
    differ = {
        word
        for word, terms in zip(vocabulary, fts5_terms(vocabulary), strict=True)
        if [stem(found) for found in words(word)] != terms
    }
    assert len(vocabulary) > 20_000
    assert differ == {"µ", "ς"}  # FTS5 folds them to μ and σ


@pytest.mark.parametrize(
    "text",
    [
        "General Assembly", "possibly US technology", "Al-Haq's e-mail", "don’t", "Israel’s co-operation", "U.S.",
        "snake_case", "naïve Façade Łódź Øre Hồ Chí Minh", "e\u0301tude", "Йод и ёлка", "ﬁne x² ½", "漢字 かな",
        "sky dying agreed feed sized hopping", "bat" * 30 + "ing", "ably bubbly flies", "a\u200bb", "D.C.",
    ],
)  # fmt: skip
def test_words_and_terms_part_texts_alike(text: str) -> None:
    assert [stem(word) for word in words(text)] == fts5_terms([text])[0]


def test_threads_that_stem_at_once_get_the_stems_they_would_get_alone() -> None:
    generator = random.Random(0)
    made = ["".join(generator.choices("abcdefghilmnoprstu", k=8)) + "ation" for _ in range(4000)]
    stem.cache_clear()
    alone = [stem(word) for word in made]
    stem.cache_clear()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(lambda _: [stem.__wrapped__(word) for word in made], range(4)))
    finally:
        sys.setswitchinterval(interval)
    assert together == [alone] * 4
