"""`rag.questions`: what may be asked, and what is said when something may not."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import QuestionError
from rag.questions import MAX_QUESTION_CHARS, dates_asked, parse_history, parse_question
from rag.text import words
from rag.types import Question


def test_surrounding_white_space_is_dropped_everywhere() -> None:
    assert parse_question(
        " \nWho was\tsanctioned?\u00a0", source=" 000* ", published_after=" 2025-09 ", published_before="2025-09-30\n"
    ) == Question(text="Who was\tsanctioned?", source="000*", published_after="2025-09", published_before="2025-09-30")


def test_filters_that_are_not_given_filter_nothing() -> None:
    assert parse_question("Who?") == Question(text="Who?")
    assert parse_question("Who?", source="  ") == Question(text="Who?")


@pytest.mark.parametrize("text", ["", "  \n\t ", "\u00a0\u2003"])
def test_empty_question_is_refused(text: str) -> None:
    with pytest.raises(QuestionError, match="the question is empty; ask something"):
        parse_question(text)


@pytest.mark.parametrize("text", ["?!", "…", "🎉", "\u200b", "* * *", "_", "“”"])
def test_question_without_a_word_is_refused_by_name(text: str) -> None:
    with pytest.raises(QuestionError, match="holds no word") as caught:
        parse_question(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["US?", "5", "Кто?", "誰", "¿Qué?"])
def test_one_word_in_any_script_is_enough(text: str) -> None:
    assert parse_question(text).text == text


def test_question_may_be_as_long_as_the_limit_and_no_longer() -> None:
    longest = "w" * MAX_QUESTION_CHARS
    assert parse_question(f"  {longest}  ").text == longest
    with pytest.raises(QuestionError, match=f"has {MAX_QUESTION_CHARS + 1} characters; at most {MAX_QUESTION_CHARS}"):
        parse_question(f"{longest}w")


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\x85", "\ud800"])
def test_control_characters_and_lone_surrogates_are_refused(character: str) -> None:
    with pytest.raises(QuestionError, match=r"the question holds .* which is not text") as caught:
        parse_question(f"Who{character}?")
    assert repr(character) in str(caught.value)
    assert caught.value.args[0].isprintable()
    with pytest.raises(QuestionError, match="the source holds"):
        parse_question("Who?", source=f"a{character}b")


@pytest.mark.parametrize("text", [None, 5, b"Who?", ["Who?"]])
def test_what_is_not_text_is_refused(text: Any) -> None:
    with pytest.raises(QuestionError, match=f"the question is {type(text).__name__}, not text"):
        parse_question(text)


@pytest.mark.parametrize("name", ["published_after", "published_before", "as_of"])
@pytest.mark.parametrize("value", ["", "yesterday", "2025-02-30", "04/09/2025"])
def test_filter_that_is_no_date_is_refused_by_name_and_value(name: str, value: str) -> None:
    with pytest.raises(QuestionError, match=f"^{name}: ") as caught:
        parse_question("Who?", **{name: value})
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    ("after", "before"),
    [("2025-09-05", "2025-09-04"), ("2025-10", "2025-09-30"), ("2026", "2025"), ("2026", "2025-12")],
)
def test_filters_that_let_nothing_through_are_refused(after: str, before: str) -> None:
    with pytest.raises(
        QuestionError, match=rf"published_after \({after}\) is later than published_before \({before}\)"
    ):
        parse_question("Who?", published_after=after, published_before=before)


@pytest.mark.parametrize(
    ("after", "before"),
    [("2025-09-04", "2025-09-04"), ("2025-09", "2025-09-04"), ("2025-09-30", "2025-09"), ("2025", "2025")],
)
def test_filters_that_share_a_day_are_accepted(after: str, before: str) -> None:
    question = parse_question("Who?", published_after=after, published_before=before)
    assert (question.published_after, question.published_before) == (after, before)


def test_as_of_is_kept_as_it_was_given() -> None:
    assert parse_question("Who?", as_of=" 2025-09\n") == Question(text="Who?", as_of="2025-09")


def test_nothing_is_published_after_the_day_of_asking() -> None:
    with pytest.raises(QuestionError, match=r"published_after \(2025-10\) is later than as_of \(2025-09-30\)"):
        parse_question("Who?", published_after="2025-10", as_of="2025-09-30")
    assert parse_question("Who?", published_after="2025-09", as_of="2025-09-01").as_of == "2025-09-01"


def asked(text: str, as_of: str | None = None) -> list[tuple[str, str]]:
    mentions = dates_asked(parse_question(text, as_of=as_of), today=date(2026, 3, 15))
    return [(mention.when.first.isoformat(), mention.when.last.isoformat()) for mention in mentions]


@pytest.mark.parametrize(
    ("text", "of_today", "of_september"),
    [
        ("Who was hit last year?", [("2025-01-01", "2025-12-31")], [("2024-01-01", "2024-12-31")]),
        ("Who was hit this month?", [("2026-03-01", "2026-03-31")], [("2025-09-01", "2025-09-30")]),
        ("Who was hit yesterday?", [("2026-03-14", "2026-03-14")], [("2025-09-29", "2025-09-29")]),
        ("Who was hit in May 2024?", [("2024-05-01", "2024-05-31")], [("2024-05-01", "2024-05-31")]),
        ("Who was hit on Monday?", [], [("2025-09-29", "2025-09-29")]),
        ("Who was hit on 4 September?", [], [("2025-09-04", "2025-09-04")]),
        ("Who was hit today?", [("2026-03-15", "2026-03-15")], [("2025-09-30", "2025-09-30")]),
        ("Who leads the court today?", [], []),
        ("Who coined it and how is it used today?", [], []),
    ],
)
def test_relative_dates_are_counted_from_the_day_of_asking(
    text: str, of_today: list[tuple[str, str]], of_september: list[tuple[str, str]]
) -> None:
    assert asked(text) == of_today
    assert asked(text, as_of="2025-09-30") == of_september


def test_a_month_of_asking_tells_no_day() -> None:
    assert asked("Who was hit yesterday, and who last month?", as_of="2025-09") == [("2025-08-01", "2025-08-31")]


@given(st.text(max_size=80))
def test_any_text_is_a_question_or_a_question_error(text: str) -> None:
    try:
        question = parse_question(text)
    except QuestionError:
        return
    assert question.text == text.strip()
    assert words(question.text)


def test_a_history_with_what_is_no_text_is_refused() -> None:
    with pytest.raises(QuestionError, match="turn 1 of the history"):
        parse_history([{"role": "user", "content": "\ud800"}])
