"""A question in, its parts out: "which groups · did · the US sanction in September", and what it takes for granted."""

import re
from dataclasses import dataclass

from rag.answering.follow_ups.english import AUXILIARIES, is_preposition, is_verb
from rag.answering.follow_ups.names import find_date_spans
from rag.types import Span

_MOST_CLAUSE_WORDS = 20

LEAD = re.compile(
    r"(?:(?:and|but|so|or|also|then|ok|okay|thanks|thank you|what about|how about|what of)\b[\s,.!…]*)+", re.IGNORECASE
)
QUESTION = r"who|whom|whose|which|what|when|where|why|how (?:many|much|often|long)|how"
"""What a question asks with, as a regular expression."""
_ASKED = re.compile(rf"(?:(?P<prep>\w+)\s+)?(?P<wh>{QUESTION})\b\s*(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_BESIDE = re.compile(r"\s+\(([^()]+)\)$")
_EMPTY = re.compile(r"\b(?:it|he|she|they|them|him|that|this|there|else|anyone|someone)\b\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's parts: `which` · `groups` · `did` · `the US sanction in September`; "" for those it lacks.

    `what` is the noun asked for, `said` the rest; without an auxiliary `said` starts with the verb.
    """

    word: str
    what: str
    auxiliary: str
    said: str

    @property
    def clause(self) -> str:
        """What it takes for granted: `the US sanction groups in September`."""
        if not self.what or not self.auxiliary or is_verb(self.said.split(" ", 1)[0]):
            return f"{self.what} {self.said}".strip()
        dates = [span for span in find_date_spans(self.said) if span.end == len(self.said)]
        at = _with_preposition(self.said, dates[-1]).start if dates else len(self.said)
        return " ".join(f"{self.said[:at].rstrip()} {self.what} {self.said[at:]}".split())


def take_apart(question: str) -> Asked:
    """The parts of a question; all of it is `said` where its form is not understood."""
    text = bare_question(question)
    match = _ASKED.match(text)
    if match is None or (match["prep"] and not is_preposition(match["prep"])):
        first, _, rest = text.partition(" ")
        return Asked("", "", first.lower(), rest) if first.lower() in AUXILIARIES else Asked("", "", "", text)
    word, rest = match["wh"].lower(), match["rest"]
    words = rest.split(" ")
    nouns = 0
    while nouns < len(words) and not (is_verb(words[nouns]) or words[nouns].lower() in AUXILIARIES):
        nouns += 1
    if nouns == len(words) or (nouns and word in ("who", "whom", "when", "where", "why")):
        return Asked(word, "", "", rest)  # "who founded", "how many trams run": the verb is not known
    what = " ".join(words[:nouns])
    if words[nouns].lower() in AUXILIARIES:
        return Asked(word, what, words[nouns].lower(), " ".join(words[nouns + 1 :]))
    return Asked(word, what, "", " ".join(words[nouns:]))


def clause_of(question: str, *, answer: str = "") -> str:
    """What `question` is about, short enough to stand in brackets; `answer` says who, where it asks for that."""
    said = _EMPTY.sub("", take_apart(question).clause)
    beside = _BESIDE.search(question)
    parts = [f"{answer} {said}".strip(), beside[1] if beside else ""]
    return " ".join(", ".join(part for part in parts if part).split()[:_MOST_CLAUSE_WORDS])


def _with_preposition(text: str, span: Span) -> Span:
    """`span` and the preposition before it."""
    before = text[: span.start].rstrip().rsplit(" ", 1)[-1]
    return Span(text.rindex(before, 0, span.start), span.end) if before and is_preposition(before) else span


def bare_question(question: str) -> str:
    """A question without what was put beside it in brackets, its lead ("And ...") and its mark."""
    bare = _BESIDE.sub("", question.strip()).rstrip(" ?!.")
    lead = LEAD.match(bare)
    return bare[lead.end() :] if lead and lead.end() < len(bare) else bare
