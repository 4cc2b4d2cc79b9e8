"""What a model wrote in; the same with citation markers spelt `[1]` inside their sentence, and their numbers, out.

Models write `[1]`, `[1, 2]`, `[1-3]`, `[^1]`, `【1†source】`, `[Source 1]`, `¹` or `(1)`, before or after a full stop.
"""

import re
from dataclasses import dataclass

_WIDEST_RANGE = 9
_NUMBERS = r"#?\d{1,3}(?:\s?(?:,|;|&|and|to|[-–—])\s?#?\d{1,3})*"
_NAMED = r"(?:(?:citation|doc|document|passage|ref|reference|source|text)s?\.?\s?:?\s?)?"
_SPELT = re.compile(
    rf"(?:\\?[\[【［〔]\s?){{1,2}}\^?{_NAMED}(?P<numbers>{_NUMBERS})(?:†[^\]】］〕\n]{{0,40}})?(?:\s?\\?[\]】］〕]){{1,2}}"
    r"(?:\((?:#|/|\w+:|www\.)[^()\s]*\))?",  # a marker made a link
    re.IGNORECASE,
)
_RAISED = re.compile(r"(?<=[.!?\"”’])[⁰¹²³⁴-⁹]{1,2}(?=\s|$)")
_RAISED_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_ROUND = re.compile(rf"\s?\((?P<numbers>{_NUMBERS})\)(?=[.!?…]*[\"”’]?\s*$)")
_AFTER_THE_END = re.compile(r"(?P<end>[.!?…。]+[\"”’»)*_]*)\s?(?P<markers>\[\d{1,3}\](?:\s?\[\d{1,3}\])*)")
_MARKER = re.compile(r"\s?\[(\d{1,3})\]")
_JOINED = re.compile(r"\s?(?:,|;|and|&)")
_RANGE = re.compile(r"(\d+)\s?(?:to|[-–—])\s?#?(\d+)")


@dataclass(frozen=True, slots=True)
class Marked:
    """A stretch of a sentence, without markers, and the numbers that stand at its end."""

    text: str
    numbers: tuple[int, ...]


def normalise(text: str) -> str:
    """`text` with all markers spelt `[1][2]` and drawn into the sentence they follow; twice changes nothing more."""
    while (spelt := _normalise_once(text)) != text:  # "[[[1]" has two layers
        text = spelt
    return text


def split_at_markers(sentence: str) -> list[Marked]:
    """The stretches of a normalised sentence; joined, their texts are the sentence without its markers.

    The punctuation after the last marker is part of the stretch before it. `(1)` counts at the end of a sentence that
    has no other marker.
    """
    if not _MARKER.search(sentence):
        sentence = _ROUND.sub(lambda match: _spell(match["numbers"]), sentence)
    found: list[Marked] = []
    end = 0
    for match in _MARKER.finditer(sentence):
        between, number = sentence[end : match.start()], int(match[1])
        if found and (_JOINED.fullmatch(between) or not any(map(str.isalnum, between))):
            last = found.pop()
            kept = "" if _JOINED.fullmatch(between) else between
            found.append(Marked(last.text + kept, (*last.numbers, number)))
        else:
            found.append(Marked(between, (number,)))
        end = match.end()
    rest = sentence[end:]
    if found and not any(map(str.isalnum, rest)):
        last = found.pop()
        return [*found, Marked(last.text + rest, last.numbers)]
    return [*found, Marked(rest, ())] if rest else found


def _normalise_once(text: str) -> str:
    text = _RAISED.sub(lambda match: f"[{match.group().translate(_RAISED_DIGITS)}]", text)
    text = _SPELT.sub(lambda match: _spell(match["numbers"]), text)
    return _AFTER_THE_END.sub(lambda match: f" {match['markers']}{match['end']}", text)


def _spell(numbers: str) -> str:
    return "".join(f"[{number}]" for number in _expand(numbers))


def _expand(numbers: str) -> list[int]:
    """`1, 3-5` as 1, 3, 4, 5; of a range too wide to be meant, its ends."""
    found: list[int] = []
    end = 0
    for match in _RANGE.finditer(numbers):
        first, last = int(match[1]), int(match[2])
        found += map(int, re.findall(r"\d+", numbers[end : match.start()]))
        found += range(first, last + 1) if 0 <= last - first <= _WIDEST_RANGE else (first, last)
        end = match.end()
    return list(dict.fromkeys((*found, *map(int, re.findall(r"\d+", numbers[end:])))))
