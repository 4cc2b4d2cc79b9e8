"""Source sentences in, how an answer says them out: who says it and when, their words, and notes of ours in brackets.

The words stay those of the source, in quotation marks, so that a charge or a scare word is never the bot's own; they
and its name are said in plain text, so that square brackets are ours alone. A note gives the day that "Monday" was: a
reading of the text, not in it.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rag.answering.citations import DraftSentence, Quote
from rag.answering.filtering import plain_text
from rag.answering.orders import gives_orders
from rag.date_readers import calendar_span
from rag.dates import find_dates, parse_date
from rag.types import DateSpan, DocumentInfo, SentenceHit

_MONTHS = "January February March April May June July August September October November December".split()
_OPENING = ": “"
_DATE = rf"(?:\d{{1,2}} )?(?:{'|'.join(_MONTHS)}) \d{{4}}"
_NOTE = re.compile(rf" \[(?:{_DATE}(?: to {_DATE})?|the year \d{{4}})\]")
_DATE_OF_LABEL = re.compile(r"(?: \(\d{4}[-\d]*\))?\Z")
_LEFT_OUT = " […] "
_GAP = 12  # characters between two sentences, at most, where only white space and a list marker stands


def quote_sentences(
    document: DocumentInfo, sentences: Sequence[SentenceHit], *, agreeing: Sequence[Quote] = ()
) -> DraftSentence:
    """`CNN (2025-09-04) says: “… on Thursday [4 September 2025] …”`, citing each of the document's `sentences`.

    `agreeing` are quotes of other documents that say the same; they are named and cited with it.
    """
    others = " and ".join(dict.fromkeys(byline(quote.document.label) for quote in agreeing))
    verb = f"says, as does {others}" if others else "says"
    own = tuple([Quote(document, one.start, one.end, one.text) for one in sentences])
    return DraftSentence(
        text=f"{byline(document.label)} {verb}{_OPENING}{_words(document, sentences)}”",
        claim=" ".join(one.text for one in sentences if plain_text(one.text)),
        quotes=(*own, *agreeing),
    )


def claim_of(text: str, labels: Iterable[str]) -> str:
    """What a sentence of an answer says, notes and all, without the byline of a source that is labelled so."""
    for label in map(byline, labels):
        if text.startswith(f"{label} says"):
            return text[text.find(_OPENING, len(label)) + len(_OPENING) :].removesuffix("”")
    return text


def noted_again(text: str, days: Iterable[DateSpan]) -> str:
    """What a model wrote, the notes for `days` that it repeats as it was shown them, in round brackets, in ours."""
    for note in map(_in_words, days):
        text = re.sub(rf" \({note}\)(?![(\[])", f" [{note}]", text)  # "[…](…)" would be a link
    return text


def without_notes(text: str) -> str:
    """`text` without our notes, which rest on a document's date and not on its words."""
    return _NOTE.sub("", text.replace(_LEFT_OUT, " "))


@lru_cache(maxsize=4096)
def byline(label: str) -> str:
    """A document's label in plain text, less a name that tells nothing or gives orders."""
    date = _DATE_OF_LABEL.findall(label)[0]
    name = plain_text(label.removesuffix(date))
    return f"{name if any(map(str.isalnum, name)) and not gives_orders(name) else 'A document'}{date}"


def _words(document: DocumentInfo, sentences: Sequence[SentenceHit]) -> str:
    said, end = "", 0
    for one in sentences:
        if said:
            said += " " if one.start - end <= _GAP else _LEFT_OUT
        said += with_notes(plain_text(one.text), document.published)
        end = one.end
    return said


def with_notes(text: str, published: str | None) -> str:
    """`text` with the days that its relative dates mean, in a document of that date."""
    written = parse_date(published) if published else None
    noted, end = "", 0
    for mention in find_dates(text, written):
        if mention.basis != "said":
            noted += f"{text[end : mention.where.end]} [{_in_words(mention.when)}]"
            end = mention.where.end
            noted += " " * text.startswith("(", end)  # "[…](…)" would be a link
    return noted + text[end:]


def _in_words(when: DateSpan) -> str:
    first, last = when.first, when.last
    if when == calendar_span(first.year, None, None):
        return f"the year {first.year}"  # "[2024]" would be a marker
    if when == calendar_span(first.year, first.month, None):
        return f"{_MONTHS[first.month - 1]} {first.year}"
    days = [f"{day.day} {_MONTHS[day.month - 1]} {day.year}" for day in (first, last)]
    return days[0] if when.is_day else " to ".join(days)
