"""A true sentence in, the same with one fault in it out: what a language model gets wrong, made by a seeded generator.

A fault changes what is said, not how: a number becomes another, a name another name, a "not" is dropped or put in, or
something is told that no text says. What the sources do say after all is no fault (`is_said`).
"""

import random
import re
from collections.abc import Sequence
from typing import Literal, get_args

from rag.grounding.names import find_names
from rag.text import content_stems, words

FaultKind = Literal["changed_number", "swapped_entity", "dropped_negation", "added_negation", "invented_fact"]
FAULT_KINDS: tuple[FaultKind, ...] = get_args(FaultKind)

_DIGITS = re.compile(r"(?<![\w.,-])\d{1,3}(?:,\d{3})+|(?<![\w.,-])\d+(?:\.\d+)?(?![\w-])")
_COUNTS = "two three four five six seven eight nine ten eleven twelve".split()
_COUNT = re.compile(rf"\b(?:{'|'.join(_COUNTS)})\b", re.IGNORECASE)
_NEITHER = re.compile(r"\bneither\b(?=.*\bnor\b)", re.IGNORECASE)
_NEGATION = re.compile(r"\s(?:not|never)\b|n['’]t\b|\bno\s(?=\w)|\bnobody\b|\bcannot\b|\bwithout\b", re.IGNORECASE)
_TURNED = {"no ": "some ", "nobody": "somebody", "cannot": "can", "without": "with"}
_NEGATIVES = frozenset("not no never neither nor nobody none cannot without nothing".split())
_AUXILIARY = re.compile(r"\b(?:is|are|was|were|has|have|had|will|would|could|should|must|can|may)\b")
_VERBS = {
    "called": "call", "announced": "announce", "issued": "issue", "rejected": "reject", "voted": "vote", "paid": "pay",
    "closed": "close", "built": "build", "accused": "accuse", "imposed": "impose", "labeled": "label", "won": "win",
    "became": "become", "began": "begin", "led": "lead", "made": "make", "used": "use", "found": "find",
    "includes": "include", "provides": "provide", "requires": "require", "offers": "offer", "allows": "allow",
}  # fmt: skip
_VERB = re.compile(rf"\b(?P<verb>{'|'.join(_VERBS)})\b(?! by\b)")
_INVENTED_ENDS = (
    " after a leaked memo named four donors",
    ", and three senior officials resigned in protest",
    " because a storm had destroyed the archive",
    ", while protesters blocked the main railway station",
    " following a secret meeting in Geneva",
    ", which cost taxpayers millions in lost revenue",
    ", and the opposition called early elections",
    ", although an internal audit found widespread fraud",
    " despite a warning from the central bank",
    ", before the minister was taken to hospital",
    ", and the head of the navy apologised on television",
    " after months of talks with mining companies",
)
_INVENTED_WHOLE = (
    "{name} resigned the next morning over a bribery inquiry.",
    "{name} later admitted that the figures had been invented.",
    "{name} sold its headquarters to a hotel group.",
    "A court in Singapore fined {name} for tax evasion.",
    "{name} was awarded the peace prize for these efforts.",
    "Police searched the offices of {name} and seized computers.",
    "{name} signed a trade agreement with Brazil and Norway.",
    "Scientists at {name} discovered a cheaper vaccine.",
)
_SAME_START = 5  # letters
_SAME_COUNTRY = frozenset("us usa america american united states washington".split())


def make_fault(kind: FaultKind, text: str, *, names: Sequence[str], drawn: random.Random) -> str | None:
    """`text`, a sentence without markers, with one fault of that kind; None where it allows none.

    `names` are what a name may be swapped for.
    """
    if kind == "changed_number":
        return _change_number(text, drawn)
    if kind == "swapped_entity":
        return _swap_entity(text, names, drawn)
    if kind == "dropped_negation":
        return _drop_negation(text)
    if kind == "added_negation":
        return _add_negation(text)
    return _invent(text, drawn)


def names_in(text: str) -> list[str]:
    """The names of a sentence as they stand in it."""
    return [name for parts in find_names(text) for name in (" ".join(parts),) if name in text]


def is_said(text: str, sentences: Sequence[str]) -> bool:
    """Whether one of `sentences` holds all that `text` says and denies as often: then it is true, if by chance."""
    wanted, denied = set(content_stems(text)), _denials(text)
    return any(wanted <= set(content_stems(one)) and denied == _denials(one) for one in sentences)


def _change_number(text: str, drawn: random.Random) -> str | None:
    places = [*_DIGITS.finditer(text), *_COUNT.finditer(text)]
    if not places:
        return None
    place = drawn.choice(places)
    said = place.group()
    if said.lower() in _COUNTS:
        other = _cased(drawn.choice([word for word in _COUNTS if word != said.lower()]), said)
    else:
        at = drawn.choice([at for at, character in enumerate(said) if character.isdigit()])
        lowest = "0" if at else "1"
        other = said[:at] + drawn.choice([d for d in "0123456789" if d != said[at] and d >= lowest]) + said[at + 1 :]
    return text[: place.start()] + other + text[place.end() :]


def _swap_entity(text: str, names: Sequence[str], drawn: random.Random) -> str | None:
    own = names_in(text)
    if not own:
        return None
    swapped, held = drawn.choice(own), frozenset(words(text))
    others = [name for name in names if not held & set(words(name)) and not _is_same(name, own)]
    return text.replace(swapped, drawn.choice(others), 1) if others else None


def _is_same(name: str, own: Sequence[str]) -> bool:
    """Whether it is one of them in other words: "ICC", "Israeli" for "Israel", or the one country of many names."""
    return any(
        _initials(name) in words(one)
        or _initials(one) in words(name)
        or name[:_SAME_START] == one[:_SAME_START]
        or {*words(name), *words(one)} <= _SAME_COUNTRY
        for one in own
    )


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split() if word[0].isupper()).lower()


def _drop_negation(text: str) -> str | None:
    if _NEITHER.search(text):
        return re.sub(r"\bnor\b", "and", _NEITHER.sub(lambda found: _cased("both", found.group()), text, count=1))
    found = _NEGATION.search(text)
    if found is None:
        return None
    said = found.group()
    return text[: found.start()] + _cased(_TURNED.get(said.lower(), ""), said) + text[found.end() :]


def _add_negation(text: str) -> str | None:
    if _denials(text):
        return None
    if found := _AUXILIARY.search(text):
        return f"{text[: found.end()]} not{text[found.end() :]}"
    if found := _VERB.search(text):
        does = "does" if found["verb"].endswith("s") else "did"
        return f"{text[: found.start()]}{does} not {_VERBS[found['verb']]}{text[found.end() :]}"
    return None


def _invent(text: str, drawn: random.Random) -> str:
    names = names_in(text)
    if names and drawn.random() < 0.5:
        return drawn.choice(_INVENTED_WHOLE).format(name=drawn.choice(names))
    return f"{text.rstrip('.')}{drawn.choice(_INVENTED_ENDS)}."


def _denials(text: str) -> int:
    return sum(word in _NEGATIVES for word in words(text)) + len(re.findall(r"n['’]t\b", text))


def _cased(word: str, like: str) -> str:
    return word.capitalize() if like[:1].isupper() else word
