"""Passages in; what they hold, read once and looked up by every rule, out."""

from collections.abc import Iterator, Sequence
from functools import cached_property

from rag.grounding.names import Names
from rag.grounding.quantities import Quantities
from rag.grounding.reading import Sentence, read

_AROUND = 3  # sentences in a row


class Evidence:
    """Passages, read once for all that is held against them; parts that few claims need are read when one does."""

    def __init__(self, passages: Sequence[str]) -> None:
        self.sentences = read(passages)
        self.stems = [one for sentence in self.sentences for one in sentence.in_order]

    def closest(self, wanted: frozenset[str]) -> list[Sentence]:
        """The sentences with most of the words `wanted`; none when none has any."""
        shares = [len(wanted & sentence.held) for sentence in self.sentences]
        most = max(shares, default=0)
        return [sentence for sentence, share in zip(self.sentences, shares, strict=True) if share == most > 0]

    def around(self, wanted: frozenset[str]) -> list[Sentence]:
        """The first few sentences in a row that have most of them together."""
        hits = [wanted & sentence.held for sentence in self.sentences]
        places = range(max(1, len(hits) - _AROUND + 1))
        best = max(places, key=lambda at: len(frozenset[str]().union(*hits[at : at + _AROUND])))
        return self.sentences[best : best + _AROUND]

    def most_within(self, wanted: frozenset[str], reach: int) -> int:
        """How many of them stand within `reach` words of each other, at most."""
        found = sorted((place, term) for term in wanted for place in self.places.get(term, ()))
        most, first = 0, 0
        counts: dict[str, int] = {}
        for place, term in found:
            counts[term] = counts.get(term, 0) + 1
            while found[first][0] < place - reach:
                gone = found[first][1]
                counts[gone] -= 1
                if not counts[gone]:
                    del counts[gone]
                first += 1
            most = max(most, len(counts))
        return most

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Where each word and each stem stands, counted in words."""
        found: dict[str, list[int]] = {}
        spoken = (word for sentence in self.sentences for word in sentence.words)
        for place, (word, one) in enumerate(zip(spoken, self.stems, strict=True)):
            found.setdefault(one, []).append(place)
            if word != one:
                found.setdefault(word, []).append(place)
        return found

    @cached_property
    def phrases(self) -> set[tuple[str, str, str]]:
        return set(triples(self.stems))

    @cached_property
    def quantities(self) -> Quantities:
        return Quantities([sentence.text for sentence in self.sentences])

    @cached_property
    def names(self) -> Names:
        return Names(self.sentences)


def triples(stems: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Every three words in a row."""
    return zip(stems, stems[1:], stems[2:], strict=False)
