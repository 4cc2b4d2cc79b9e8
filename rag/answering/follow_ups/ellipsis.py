"""A question and a shorter one that leans on it in, the shorter one in full out: "And in 2021?", "What about Lyon?".

What the fragment says takes the place of its like in the question before; where nothing is clearly its like, what that
question was about stands beside it in brackets.
"""

import re

from rag.answering.follow_ups.asked import LEAD, QUESTION, Asked, bare_question, clause_of, take_apart
from rag.answering.follow_ups.english import AUXILIARIES, QUESTION_WORDS, WORD, is_break, is_preposition, is_verb
from rag.answering.follow_ups.mentions import find_mentions
from rag.answering.follow_ups.names import Mention, find_date_spans, find_names
from rag.types import Span

_MOST_FRAGMENT_WORDS = 7

_BARE = re.compile(
    rf"(?P<wh>why not|how come|how so|(?:\w+\s+)?(?:{QUESTION})(?P<what>\s+(?!ones?\b)[^\W\d_]+)?)"
    r"(?P<ones>\s+ones?)?(?:\s+(?:exactly|then|though))?[\s?!.]*",
    re.IGNORECASE,
)
_SENTENCE_WORDS = (AUXILIARIES - {"may"}) | QUESTION_WORDS | frozenset("i we you it he she they".split())
_NAMING = frozenset("at by for from in of to".split())  # "before him" is no new name for the same
_OPEN_HEADS = frozenset("any anybody anyone anything more nobody none other others some somebody someone".split())
_YEAR_STEP = re.compile(
    r"(?:in\s+)?the\s+(?:(?P<back>year before|previous year)|(?:year after|following year|next year))", re.IGNORECASE
)
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")


def fill_in(question: str, *, before: str, answer: str = "") -> str | None:
    """`question`, a bare "Why?" or "By whom?", asked in full of what `before` asked; None if it is no such thing.

    `answer` is who did it, where `before` asked that and was told.
    """
    lead = LEAD.match(question)
    match = _BARE.fullmatch(question, lead.end() if lead else 0)
    clause = clause_of(before, answer=answer)
    if match is None or not _is_bare(match) or not clause:
        return None
    asked = take_apart(before)
    wh = match["wh"][0].upper() + match["wh"][1:]
    if asked.auxiliary and not match["ones"] and match["what"] is None and "how m" not in wh.lower():
        who = (answer or "anyone") if asked.word == "who" else ""
        return _ask_in_full("Why" if wh in ("How come", "How so") else wh, asked, who)
    return f"{question.rstrip()} ({clause})"


def replace_part(question: str, *, before: str) -> tuple[str, tuple[str, ...]] | None:
    """`before` with what the fragment `question` names in place of its like, and what was kept of it; None if
    `question` is no fragment. Where nothing is clearly its like, the fragment with what `before` is about."""
    lead = LEAD.match(question)
    fragment = question[lead.end() if lead else 0 :].strip(" \t?!.…")
    tokens = [token[0].lower() for token in WORD.finditer(fragment)]
    if not (lead or question.rstrip().endswith("?")) or not _is_fragment(tokens):
        return None
    body = bare_question(before)
    if tokens[0] not in _OPEN_HEADS and (swap := _find_like(fragment, tokens, body)):
        span, new = swap
        kept = tuple(filter(None, (body[: span.start].strip(), body[span.end :].strip(" ,"))))
        return (f"{body[: span.start]}{new}{body[span.end :]}?", kept) if kept else None  # none: another subject
    clause = clause_of(before)
    return (f"{question.rstrip()} ({clause})", (clause,)) if clause else None


def _is_bare(match: re.Match[str]) -> bool:
    """Whether a question is a bare "Why", "In which year": not "Who won", "What about", "which countries border it"."""
    what = (match["what"] or "").strip()
    first = match["wh"].split(" ", 1)[0].lower()
    if first not in QUESTION_WORDS and not is_preposition(first):
        return False
    if not what or match["wh"].lower() in ("why not", "how come", "how so"):
        return True
    asks_kind = re.search(r"\b(?:which|what|how|whose)\s+(?:(?:many|much)\s+)?[^\W_]+$", match["wh"], re.IGNORECASE)
    return asks_kind is not None and what.islower() and not (is_verb(what) or is_break(what))


def _ask_in_full(wh: str, asked: Asked, who: str) -> str:
    auxiliary = asked.auxiliary
    if wh.lower() == "why not":
        wh, auxiliary = "Why", {"can": "can’t", "will": "won’t"}.get(auxiliary, f"{auxiliary}n’t")
    subject = f"{who} " if who and is_verb(asked.said.split(" ", 1)[0]) else ""
    return f"{wh} {auxiliary} {subject}{asked.clause}?"


def _is_fragment(tokens: list[str]) -> bool:
    return 0 < len(tokens) <= _MOST_FRAGMENT_WORDS and not _SENTENCE_WORDS.intersection(tokens)


def _find_like(fragment: str, tokens: list[str], body: str) -> tuple[Span, str] | None:
    """What of `body` the fragment stands in place of, and what to put there; None where nothing is clearly its like."""
    preposition = tokens[0] if is_preposition(tokens[0]) else ""
    if swap := _find_date(fragment, body):
        return swap
    if tokens[0] in ("the", "a", "an") and not find_names(fragment):
        return None  # "the budget": something new about the same
    bare = fragment[len(preposition) :].strip()
    named = tokens[1:] if preposition else tokens
    if not named or named[0].endswith("ing"):
        return None  # "controlling the number": another thing done
    objects = _objects(body)
    names = find_names(body)
    direct = [_whole(name, body) for name in names if not any(_holds(span, name) for _, span in objects)]
    ruled = [span for _, span in objects if any(_holds(span, name) for name in names)]
    if preposition:
        same = [span for before, span in objects if before == preposition]
        likely = same[-1:] or (direct + ruled if find_names(fragment) and preposition in _NAMING else [])
    elif find_names(fragment):
        likely = direct or ruled
    else:
        likely = [span for _, span in objects][-1:] or [_span(mention) for mention in find_mentions(body)][:1]
    if len(likely) == 1:
        return likely[0], bare
    return (Span(len(body), len(body)), f" {fragment}") if preposition else None


def _find_date(fragment: str, body: str) -> tuple[Span, str] | None:
    """The date of `body` that another takes the place of; a month keeps the year, "the year before" is counted."""
    old = [body[span.start : span.end] for span in find_date_spans(body)]
    where = find_date_spans(body)[-1] if old else Span(len(body), len(body))
    years = _YEAR.findall(body)
    if (step := _YEAR_STEP.fullmatch(fragment)) and len(years) == 1:
        return where, _YEAR.sub(str(int(years[0]) + (-1 if step["back"] else 1)), old[-1])
    new = find_date_spans(fragment)
    if len(new) != 1 or len(WORD.findall(fragment[: new[0].start])) > 1 or fragment[new[0].end :].strip():
        return None
    if not old:
        said = fragment if is_preposition(fragment.split(" ", 1)[0]) else f"in {fragment}"
        return where, f" {said}"
    date = fragment[new[0].start : new[0].end]
    year = f" {years[-1]}" if years and not _YEAR.search(date) and len(old[-1]) > len(years[-1]) else ""
    return where, date + year


def _objects(body: str) -> list[tuple[str, Span]]:
    """What stands after each preposition, dates aside: `in`, `the Mabo case`."""
    tokens = list(WORD.finditer(body))
    dates = find_date_spans(body)
    found = []
    for at, token in enumerate(tokens[:-1]):
        if not is_preposition(token[0]):
            continue
        first = last = at + 1 + (tokens[at + 1][0].lower() in ("the", "a", "an"))
        while last < len(tokens) and not is_break(tokens[last][0]):
            last += 1
        span = Span(tokens[at + 1].start(), tokens[last - 1].end())
        if last > first and not any(date.start < span.end and span.start < date.end for date in dates):
            found.append((token[0].lower(), span))
    return found


def _whole(name: Mention, body: str) -> Span:
    """A name with the determiner and nouns around it: "the James Webb telescope"."""
    return next((_span(around) for around in find_mentions(body) if _holds(_span(around), name)), _span(name))


def _holds(span: Span, mention: Mention) -> bool:
    return span.start <= mention.start < span.end


def _span(mention: Mention) -> Span:
    return Span(mention.start, mention.end)
