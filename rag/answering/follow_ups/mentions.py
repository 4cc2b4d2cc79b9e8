"""A question in, the names and noun phrases that a later pronoun may mean out; by determiners and verbs, no parser."""

import re
from dataclasses import replace

from rag.answering.follow_ups.english import (
    AUXILIARIES,
    BE,
    DETERMINERS,
    QUESTION_WORDS,
    THINGS,
    WORD,
    is_break,
    is_plural,
    is_preposition,
    is_role,
    is_verb,
)
from rag.answering.follow_ups.names import CALENDAR, MOST_NAME_WORDS, Kind, Mention, find_names, gap_after

_MOST_BARE_WORDS = 2  # of a longer run one is the verb


def find_mentions(question: str) -> list[Mention]:
    """Names and noun phrases: those with a determiner, and a bare subject ("farmers" in "Why did farmers ...").

    In a question without capitals such a subject may be a name: "who founded spotify".
    """
    tokens = list(WORD.finditer(question))
    if _is_heading(tokens):
        start, end = tokens[0].start(), tokens[-1].end()
        return [Mention(question[start:end], start, end, frozenset({"thing", "group"}), named=True)]
    verbs = _verbs(question, tokens)
    names = find_names(question)
    found, at = list[Mention](), 0
    while at < len(tokens):
        determined = tokens[at][0].lower() in DETERMINERS
        bare = not determined and at > 0 and _is_before_bare(tokens, verbs, at - 1)
        first = at + determined
        last = _end_of_phrase(question, tokens, verbs, first) if determined or bare else at - 1
        if last < first or (bare and last - at >= _MOST_BARE_WORDS) or tokens[last][0].isdigit():
            at += 1
            continue
        phrase = _phrase(question, tokens, at, last, names)
        found.append(replace(phrase, named=True) if bare and question[1:].islower() else phrase)
        at = last + 1
    alone = [name for name in names if not any(other.start <= name.start < other.end for other in found)]
    last = len(tokens) - 1
    asks = any(token[0].lower() in AUXILIARIES | QUESTION_WORDS for token in tokens)
    if tokens and not (found or alone or asks) and _end_of_phrase(question, tokens, verbs, last) == last:
        found = [replace(_phrase(question, tokens, last, last, []), named=True)]  # "tell me about roquefort"
    return sorted([*found, *alone], key=lambda mention: mention.start)


def _is_before_bare(tokens: list[re.Match[str]], verbs: set[int], at: int) -> bool:
    """Whether a noun without a determiner may follow: after "did", "who founded", "how tall is"; not "states are"."""
    word = tokens[at][0].lower()
    return at in verbs or (word in AUXILIARIES and (word not in BE or at <= 2))


def _is_heading(tokens: list[re.Match[str]]) -> bool:
    """Whether it is no sentence but a name or phrase: "San Bruno City Park hours"."""
    return 1 < len(tokens) <= MOST_NAME_WORDS and not any(is_break(token[0]) for token in tokens)


def _verbs(question: str, tokens: list[re.Match[str]]) -> set[int]:
    """Tokens that are verbs by their form, or by their place after "did" and its subject or after "who"."""
    words = [token[0] for token in tokens]
    verbs = {at for at, word in enumerate(words) if is_verb(word)}
    if len(words) > 1 and words[0].lower() in ("who", "what") and not is_break(words[1]):
        verbs.add(1)
    for at, word in enumerate(words[:-1]):
        if word.lower() not in ("did", "do", "does"):
            continue
        first = at + 1 + (words[at + 1].lower() in DETERMINERS)
        last = _end_of_phrase(question, tokens, set(), first)
        run = range(first + 1, last + 1)
        if not run or verbs.intersection(run):
            continue
        lower = [index for index in run if words[index].islower()]
        if lower:  # "did Apple release Siri" has it after the name, "did the city council approve" at the end
            verbs.add(lower[0] if words[first][0].isupper() and first == at + 1 else lower[-1])
    return verbs


def _end_of_phrase(text: str, tokens: list[re.Match[str]], verbs: set[int], first: int) -> int:
    """The last token of the run of content words from `first`; before `first` when there is none."""
    last = first - 1
    for at in range(first, len(tokens)):
        if (
            (at > first and gap_after(text, tokens, at - 1) not in (" ", "’s ", "'s "))
            or is_break(tokens[at][0])
            or at in verbs
            or tokens[at][0].lower() in CALENDAR
        ):
            break
        last = at
    return last


def _phrase(text: str, tokens: list[re.Match[str]], first: int, last: int, names: list[Mention]) -> Mention:
    start, end = tokens[first].start(), tokens[last].end()
    head = tokens[last][0]
    of = end + len(" of ") if text.startswith(" of ", end) else end  # "the mayor of Utrecht", "the port of Limassol"
    inside = [name for name in names if start <= name.start <= of]
    end = max([end, *(name.end for name in inside)])
    before = tokens[first - 1][0].lower() if first else ""
    kinds: frozenset[Kind] = frozenset({"thing", "group"})
    if len(inside) == 1 and inside[0].text == text[start:end]:
        kinds = inside[0].kinds
    elif is_role(head):
        kinds = frozenset({"person"})
    elif is_plural(head) and head.lower() not in THINGS:
        kinds = frozenset({"group"})
    elif not inside and first == last:
        kinds = frozenset({"person", "thing", "group"})  # a bare word: "spotify"
    return Mention(text[start:end], start, end, kinds, bool(inside), before if is_preposition(before) else "")
