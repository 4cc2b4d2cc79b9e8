"""A question and what the conversation is about in, its pronouns replaced by what they mean out.

By recency and agreement: he and she are people, it a thing, they several or a body of people; "there" is a place and
"then" a date. What the last question asked for comes first, then its other names, its answer's, older ones. Of several
that agree equally none is chosen.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.answering.follow_ups.asked import take_apart
from rag.answering.follow_ups.english import AUXILIARIES, WORD, is_preposition
from rag.answering.follow_ups.mentions import find_mentions
from rag.answering.follow_ups.names import Kind, Mention
from rag.answering.follow_ups.topic import Topic, joined
from rag.types import Span

_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("he", "him", "his", "she", "her", "hers"), "person"),
    **dict.fromkeys(("it", "its"), "thing"),
    **dict.fromkeys(("they", "them", "their", "theirs"), "group"),
}
_MOST_CHOICES = 2  # of what a pronoun may mean, to be told beside the question
_POSSESSIVE = frozenset("her hers his its their theirs".split())
_FRONTED = re.compile(r"(?:after|as|at|before|during|for|from|in|on|since|under|when|while|with)\b", re.IGNORECASE)
_CLAUSE_END = re.compile(
    r"[.,;:?!]|\b(?:after|and|because|before|but|if|once|that|though|to|until|when|while|who)\b", re.IGNORECASE
)
_EMPTY_IT = re.compile(  # "is it legal to ...", "how long does it take to ...", "which enzyme is it that ..."
    r"\b(?:is|was|be|does|did|will|would|has)\s+it\s+(?:(?:not|still|ever)\s+)?"
    r"(?:that\b|take\b.*\bto\b|rain|snow|\w+\s+(?:to|that|for)\b)|\bit\s+(?:takes?|is|was)\b.*\b(?:to|that)\b",
    re.IGNORECASE,
)
_THERE = re.compile(
    r"(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )\bthere\b(?!\s+(?:is|are|was|were|has|have|will|any)\b)|"
    r"\bthere(?=[?.!]*$)",
    re.IGNORECASE,
)
_THEN = re.compile(
    r"(?P<before>\b(?:since|until|by|before)\s+)?\b(?:then|that (?:year|month|day))\b(?=[?.!,]*$)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Referred:
    """A question with its pronouns replaced, and by what.

    `unclear` when what they mean takes more words to say; `either` are the names between which one could not choose.
    """

    text: str
    carried: tuple[str, ...]
    unclear: bool
    either: tuple[str, ...]


def refer(question: str, topic: Topic) -> Referred:
    """`question` with the pronouns that it does not explain itself replaced by what `topic` says they mean."""
    edits: dict[Span, str] = {}
    carried = list[str]()
    either = list[str]()
    unclear = False
    for where, kind in _open_pronouns(question):
        meant = topic.antecedents(kind)
        if len(meant) != 1:
            unclear = True
            either += [joined(names) for names in meant[:_MOST_CHOICES]]
            continue
        name = joined(meant[0])
        unclear = unclear or not any(mention.named for mention in meant[0])
        carried.append(name)
        edits[where] = _possessive(name) if _is_possessive(question, where) else name
    for pattern, found in ((_THERE, topic.place), (_THEN, topic.date)):
        if match := pattern.search(question):
            unclear = unclear or not (found or edits)
            if found:
                carried.append(found.removeprefix("in ").removeprefix("on "))
                before = match.groupdict().get("before")
                edits[Span(*match.span())] = f"{before}{carried[-1]}" if before else found
    for where in sorted(edits, key=lambda span: -span.start):
        question = question[: where.start] + edits[where] + question[where.end :]
    return Referred(question[:1].upper() + question[1:] if edits else question, tuple(carried), unclear, tuple(either))


def _open_pronouns(question: str) -> Iterator[tuple[Span, Kind]]:
    """The first pronoun of each kind that nothing in the question itself explains."""
    seen = set[Kind]()
    mentions = find_mentions(question)
    for token in WORD.finditer(question):
        kind = _KINDS.get(token[0].lower())
        if kind is None or kind in seen:
            continue
        seen.add(kind)
        where = Span(*token.span())
        if not (kind == "thing" and _EMPTY_IT.search(question)) and not _is_explained(question, where, kind, mentions):
            yield where, kind


def _is_explained(question: str, where: Span, kind: Kind, mentions: Sequence[Mention]) -> bool:
    """Whether the question says itself what its pronoun means: "When did Apple release its first phone?"."""
    agreeing = [mention for mention in mentions if kind in mention.kinds]
    if any(_FRONTED.match(question) and "," in question[where.end : mention.start] for mention in agreeing):
        return True  # "After his resignation, what did Nixon do?"
    before = [mention for mention in agreeing if mention.end <= where.start]
    if _is_object(question, where):  # "Did Nixon meet him?" is about two men
        return any(_CLAUSE_END.search(question, mention.end, where.start) for mention in before)
    asked = take_apart(question)
    if asked.word == "who" and not asked.auxiliary and kind == "group":
        return True  # "Who lost their jobs?"
    if kind == "thing":
        before = [mention for mention in before if mention.named or mention.text.lower().startswith("the ")]
    pronoun = question[where.start : where.end]
    if asked.what and (asked.auxiliary in ("do", "does", "did") or asked.said.startswith(pronoun)):
        # The noun asked for is no subject in "which countries did they visit", as it is in "which judge lost his seat".
        before = [mention for mention in before if not mention.text.endswith(asked.what)]
    return bool(before)


def _is_object(question: str, where: Span) -> bool:
    word = question[where.start : where.end].lower()
    if word in ("it", "her"):
        *earlier, before = ["", *(one.lower() for one in WORD.findall(question[: where.start]))]
        subject = before in AUXILIARIES and not AUXILIARIES.intersection(earlier)  # but "how does CIS do it"
        return not (subject or not before or _CLAUSE_END.fullmatch(before) or _is_possessive(question, where))
    return word in ("him", "them")


def _is_possessive(question: str, where: Span) -> bool:
    word = question[where.start : where.end].lower()
    if word != "her":
        return word in _POSSESSIVE
    following = WORD.match(question, where.end + 1)
    return following is not None and not (is_preposition(following[0]) or following[0].lower() in AUXILIARIES)


def _possessive(name: str) -> str:
    return f"{name}’" if name.endswith("s") else f"{name}’s"
