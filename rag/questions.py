"""What a person typed in, a `Question` the engine can rely on out; the same checks for every way in."""

import unicodedata

from rag.dates import parse_date
from rag.errors import QuestionError
from rag.text import words
from rag.types import Question

MAX_QUESTION_CHARS = 4000


def parse_question(
    text: str,
    *,
    source: str | None = None,
    published_after: str | None = None,
    published_before: str | None = None,
) -> Question:
    """Checks a question and its filters; surrounding white space is dropped.

    Raises:
        QuestionError: empty, too long or not text, or a filter that is not a date or cannot match; the message says
            which value and what is accepted.
    """
    text = _text("question", text)
    if not text:
        raise QuestionError("the question is empty; ask something")
    if len(text) > MAX_QUESTION_CHARS:
        raise QuestionError(
            f"the question has {len(text)} characters; at most {MAX_QUESTION_CHARS} are accepted, so shorten it"
        )
    if not words(text):
        raise QuestionError(f"the question {text[:40]!r} holds no word; ask it in words")
    after, before = _date("published_after", published_after), _date("published_before", published_before)
    if after and before and parse_date(after).first > parse_date(before).last:
        raise QuestionError(f"published_after ({after}) is later than published_before ({before}); swap them")
    return Question(
        text=text,
        source=_text("source", source) or None if source is not None else None,
        published_after=after,
        published_before=before,
    )


def _text(name: str, value: str) -> str:
    if not isinstance(value, str):
        raise QuestionError(f"the {name} is {type(value).__name__}, not text")
    for character in value:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n\r":
            raise QuestionError(f"the {name} holds {character!r}, which is not text; remove it")
    return value.strip()


def _date(name: str, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        parse_date(value)
    except ValueError as error:
        raise QuestionError(f"{name}: {error}") from None
    return value.strip()
