"""The turns of a conversation in, what it is about out: its last question, and what a pronoun would mean now."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.answering.follow_ups.asked import clause_of, take_apart
from rag.answering.follow_ups.english import BE, is_plural, is_role
from rag.answering.follow_ups.mentions import find_mentions
from rag.answering.follow_ups.names import Kind, Mention, find_date_spans, find_lists, find_names, without_speakers
from rag.text import content_stems

_MOST_ANSWER_WORDS = 12  # carried from what someone else wrote
_MOST_OLDER = 12
_MOST_TERSE_WORDS = 20  # an answer of no more begins with what was asked for

_ASKS_WHO_SAID = re.compile(r"\b(?:announc|argu|claim|sa(?:id|y)|state|tell|told|warn)", re.IGNORECASE)
_INDEFINITE = re.compile(r"^(?:an?|any|every|no|some|what|which)\s+", re.IGNORECASE)
_DAY = re.compile(r"\b\d{1,2}\b")
_PLACES = frozenset("area city country county island place region state town village".split())
_AT = ("in", "at", "near", "on")


@dataclass(frozen=True, slots=True)
class Topic:
    """What the conversation is about: its last question, standalone, and the names that its answer and older turns
    said, those said together in one list."""

    question: str = ""
    lists: tuple[tuple[Mention, ...], ...] = ()
    dates: tuple[str, ...] = ()
    answer_stems: frozenset[str] = frozenset()
    older: tuple[Mention, ...] = ()
    is_long: bool = False

    def asked(self, question: str, *, goes_on: bool) -> "Topic":
        """After the next question, standalone; a new subject drops what was said before."""
        said = (*find_mentions(self.question), *(name for names in self.lists for name in names))
        return Topic(question, older=(*said, *self.older)[:_MOST_OLDER] if goes_on else ())

    def answered(self, text: str) -> "Topic":
        dates = tuple(text[span.start : span.end] for span in find_date_spans(text))
        found: Sequence[Sequence[Mention]] = find_lists(text)
        if not _ASKS_WHO_SAID.search(self.question):
            found = without_speakers(found, text)
        lists = (*self.lists, *(tuple(names) for names in found))
        stems = self.answer_stems.union(content_stems(text))
        is_long = len(text.split()) > _MOST_TERSE_WORDS
        return replace(self, lists=lists, dates=(*self.dates, *dates), answer_stems=stems, is_long=is_long)

    @property
    def told(self) -> tuple[Mention, ...]:
        """The names the answer gave to "who" or "which": its first ones that the question does not say itself.

        A long answer may name others first ("The US will fine A and B"): of several, only names told together count.
        """
        asked = take_apart(self.question)
        said = self.question.casefold()
        if not asked.word.startswith("who") and (asked.word not in ("which", "what") or not asked.what):
            return ()
        if asked.auxiliary in BE and any(name.text == asked.said for name in find_names(asked.said)):
            return ()  # "Who is Ada Lund?" names whom it asks about
        new = [names for names in self.lists if any(name.text.casefold() not in said for name in names)]
        if asked.word.startswith("who") or is_role(asked.what.rsplit(" ", 1)[-1]):
            new = [names for names in new if any(name.kinds != {"thing"} for name in names)]
        new = [names for names in new if not (len(names) == 1 and names[0].opening)] or new
        if self.is_long and len(new) > 1:
            new = [names for names in new if len(names) > 1]
        return _short(new[0]) if new else ()

    @property
    def wanted(self) -> Mention | None:
        """What the question asks for, as a phrase: "the rail unions" of "Which rail unions ...?"."""
        return wanted_by(self.question)

    @property
    def listed(self) -> tuple[Mention, ...]:
        """The names last said together, two at least: the answer's, else the question's."""
        lists = [*self.lists, *(tuple(names) for names in find_lists(self.question))]
        return next((_short(names) for names in lists if len(names) > 1), ())

    @property
    def asks_who(self) -> bool:
        return take_apart(self.question).word in ("who", "whom")

    def clause(self, answer: str = "") -> str:
        """What it is about in a few words; `answer` says who, where that was asked."""
        return clause_of(self.question, answer=answer)

    def antecedents(self, kind: Kind) -> list[tuple[Mention, ...]]:
        """What a pronoun of this kind can mean, the likeliest only; several when they agree equally."""
        asked_for = self._asked_for(kind)
        if asked_for:
            return asked_for
        if kind == "group" and (listed := [tuple(names) for names in find_lists(self.question) if len(names) > 1]):
            return listed[:1]
        if found := _best(kind, find_mentions(self.question)):
            return found
        if kind == "group" and (listed := [names for names in self.lists if len(names) > 1]):
            return [_short(listed[0])]
        told = [name for names in self.lists for name in names if not name.opening]
        if kind != "thing" or len(told) == 1:
            for names in self.lists:
                if found := _best(kind, [name for name in names if name in told]):
                    return found
        if found := _best(kind, self.older):
            return found
        return self.antecedents("person") if kind == "group" else []  # "they" of one person

    def _asked_for(self, kind: Kind) -> list[tuple[Mention, ...]]:
        told, wanted = self.told, self.wanted
        if kind == "group":
            if wanted and kind in wanted.kinds:
                return [(wanted,)]
            return [told] if len(told) > 1 else []
        if wanted and kind in wanted.kinds:
            return [(name,) for name in told] or [(wanted,)]
        return [(name,) for name in told if kind == "person" and kind in name.kinds and self.asks_who]

    @property
    def place(self) -> str:
        """Where "there" is: what "where" or "which city" was answered with, or the place the question names."""
        asked = take_apart(self.question)
        places = [name for names in self.lists for name in names if name.after in _AT]
        if asked.word == "where" and places:
            return f"{places[0].after} {places[0].text}"
        if asked.what and asked.what.rsplit(" ", 1)[-1].lower() in _PLACES and self.told:
            return f"in {self.told[0].text}"
        named = [mention for mention in find_mentions(self.question) if mention.after in _AT]
        return f"{named[-1].after} {named[-1].text}" if named and named[-1].named else ""

    @property
    def date(self) -> str:
        """When "then" is: the date the question names, or the one "when" was answered with."""
        said = [self.question[span.start : span.end] for span in find_date_spans(self.question)]
        if not said and take_apart(self.question).word == "when":
            said = list(self.dates)
        if not said:
            return ""
        return f"{'on' if _DAY.search(said[0]) else 'in'} {said[0]}"


def _best(kind: Kind, mentions: Sequence[Mention]) -> list[tuple[Mention, ...]]:
    """Those that agree best: of no other kind, and the subject, named or definite; then those that may be another."""
    agreeing = [mention for mention in mentions if kind in mention.kinds]
    known = [m.named or m is mentions[0] or m.text.lower().startswith("the ") for m in agreeing]
    ranks = [(kind != "thing" and len(m.kinds) == 1 and known, known) for m, known in zip(agreeing, known, strict=True)]
    best = [mention for mention, rank in zip(agreeing, ranks, strict=True) if rank == max(ranks)]
    return [(mention,) for mention in {mention.text: mention for mention in best}.values()]


def wanted_by(question: str) -> Mention | None:
    """What `question` asks for, as a phrase: "the rail unions" of "Which rail unions ...?"."""
    asked = take_apart(question)
    head = asked.what.rsplit(" ", 1)[-1]
    if asked.word not in ("which", "what", "how many", "how much") or not head.islower():
        return None
    kind: Kind = "person" if is_role(head) else "group" if is_plural(head) else "thing"
    return Mention(f"the {asked.what}", 0, 0, frozenset({kind}), named=False)


def _short(names: Sequence[Mention]) -> tuple[Mention, ...]:
    """The first of them, up to the most words that may be carried from an answer."""
    kept, count = list[Mention](), 0
    for name in names:
        count += len(name.text.split())
        if count <= _MOST_ANSWER_WORDS:
            kept.append(name)
    return tuple(kept)


def joined(mentions: Sequence[Mention]) -> str:
    """ "A, B and C"."""
    texts = list(dict.fromkeys(_INDEFINITE.sub("the ", mention.text) for mention in mentions))
    return " and ".join([", ".join(texts[:-1]), texts[-1]]) if len(texts) > 1 else "".join(texts)
