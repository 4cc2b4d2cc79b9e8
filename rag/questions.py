"""What a person typed in, a `Question` the engine can rely on out; the same checks for every way in."""

import re
import unicodedata
from datetime import date

from rag.dates import DateMention, DateSpan, find_dates, parse_date
from rag.errors import QuestionError
from rag.protocols import Message
from rag.text import words
from rag.types import Question

MAX_QUESTION_CHARS = 4000
MAX_TURNS = 200
MAX_TURN_CHARS = 40_000

_ON_THIS_DAY = re.compile(
    r"\b(?:was|were|did|had|happened)\b(?!.*\b(?:is|are|do|does|can)\b).*\btoday\b", re.IGNORECASE
)


def parse_question(
    text: str,
    *,
    source: str | None = None,
    published_after: str | None = None,
    published_before: str | None = None,
    as_of: str | None = None,
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
    asked = _date("as_of", as_of)
    if after and asked and parse_date(after).first > parse_date(asked).last:
        raise QuestionError(f"published_after ({after}) is later than as_of ({asked}), so nothing can match")
    return Question(
        text=text,
        source=_text("source", source) or None if source is not None else None,
        published_after=after,
        published_before=before,
        as_of=asked,
    )


def undated_left_out(question: Question) -> str:
    """What to tell who finds nothing under a filter by date of publication; "" without one."""
    if question.published_after is None and question.published_before is None:
        return ""
    bounds = [("on or after", question.published_after), ("on or before", question.published_before)]
    asked = " and ".join(f"{side} {when}" for side, when in bounds if when is not None)
    return f"Only documents published {asked} were searched: those without a date of publication are left out."


def parse_history(turns: object) -> list[Message]:
    """Checks a conversation as people send it: `[{"role": "user" | "assistant", "content": text}, ...]`, oldest first.

    Raises:
        QuestionError: it is none, or too long; the message says which turn and what is accepted.
    """
    if not isinstance(turns, list):
        raise QuestionError("the history is not a list of turns")
    if len(turns) > MAX_TURNS:
        raise QuestionError(f"the history has {len(turns)} turns; at most {MAX_TURNS} are accepted, so send the last")
    return [_turn(number, turn) for number, turn in enumerate(turns, start=1)]


def _turn(number: int, turn: object) -> Message:
    if not isinstance(turn, dict) or set(turn) != {"role", "content"}:
        raise QuestionError(f'turn {number} of the history is not {{"role": …, "content": …}}')
    role, content = turn["role"], turn["content"]
    if role not in ("user", "assistant"):
        raise QuestionError(f"turn {number} of the history has the role {role!r}; use 'user' or 'assistant'")
    if not isinstance(content, str) or len(content) > MAX_TURN_CHARS:
        raise QuestionError(f"turn {number} of the history needs a text of at most {MAX_TURN_CHARS} characters")
    return Message(role, _text(f"text of turn {number} of the history", content))


def dates_asked(question: Question, *, today: date) -> list[DateMention]:
    """The dates a question names, in order; "last year" and "two days ago" are counted from its `as_of`, else `today`.

    Without `as_of`, "Thursday" and "4 September" are no dates: people use them of an archive's own time. Nor is
    "today" in a question about the present ("Who leads it today?"): it asks for the latest, of whatever day.
    """
    mentions = find_dates(question.text, parse_date(question.as_of) if question.as_of else DateSpan(today, today))
    if question.as_of is None:
        mentions = [mention for mention in mentions if mention.basis != "nearest"]
    if _ON_THIS_DAY.search(question.text):
        return mentions
    return [
        mention for mention in mentions if question.text[mention.where.start : mention.where.end].lower() != "today"
    ]


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
