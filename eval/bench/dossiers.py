"""A number of documents and a seed in, that many long Markdown files of lifelike English out, always the same ones.

Their sentences are fitz-gov's, some 18,000 on as many subjects as people ask about; each document takes those of one
subject and tells them of its own people, bodies, towns, dates and figures, so that hardly a sentence comes twice, while
words are as rare and as common as they are in life. One document in twelve is a later edition of another, one in fifty
a copy under another name. That is harder to search than most collections: much is nearly alike.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from eval.public_sets import SourceText, load_fitz_gov
from rag.text import STOP_WORDS, is_statement, split_sentences

CHUNKS_A_DOCUMENT = 20
"""On average, at the default chunk size."""

_SECTIONS = 17  # on average
_FEWEST_SECTIONS, _MOST_SECTIONS = 4, 80
_EDITION_SHARE, _COPY_SHARE = 1 / 12, 1 / 50
_CHANGED_SHARE = 0.15  # of the paragraphs of a later edition
_KEPT_SHARE = 0.8  # of a subject's sentences that one document tells
_FEWEST_BASES = 40  # documents of fitz-gov that make a subject; smaller ones are one together
_FIRST_DAY, _DAYS = date(2012, 1, 2), 4_900
_SLOT = re.compile(
    r"\b(?:1[5-9]|20)\d\d\b|\b\d+(?:,\d{3})*(?:\.\d+)?"  # years and numbers
    r"|\b[A-Z][a-z]+(?:\s(?:of\s(?:the\s)?|for\s|and\s)?[A-Z][a-z]+)+\b"  # names
)
_FIRST_NAMES = """
Ada Agnes Amir Ana Anton Asha Beatriz Boris Carla Cedric Chidi Clara Daniel Dmitri Edith Elena Emeka Eric Farah Felix
Fiona Gita Greta Hana Hector Hugo Ines Ivan Jamal Joan Jonas Julia Karim Kenji Laila Lars Lena Luis Maja Marek Martha
Mei Miguel Mina Nadia Nils Noor Olga Omar Paula Pavel Priya Rafael Rosa Samuel Sofia Tariq Teresa Viktor Wanda Yusuf
""".split()
_NAME_STARTS = """
Ash Bar Bel Bran Carl Dal Dorn Elm Fair Gold Gran Hal Hart Holt Kel Kirk Lang Lin Mar Mer Nor Oak Ost Pem Ray Ros Sel
Stan Thorn Tor Ul Van Wal West Win Yar
""".split()
_SURNAME_ENDS = "ard berg by er ett ham ing ley man mann ner oni ova ović quist sen ski son ton well".split()
_TOWN_ENDS = "bach borough bridge burg bury by dale feld field ford gate haven mouth port stad stead ton ville".split()
_BODIES = """
Council|Institute|Chamber of Commerce|Regional Office|University|Observatory|Planning Board|Health Authority|Court
|Statistics Office|Water Company|Trade Union|Museum|Research Centre|Development Bank|Teachers' Association
""".replace("\n", "").split("|")
_SAYINGS = (
    "{who} of the {body} said on {day} that {said}",
    "According to a report of the {body} of {month}, {said}",
    "{who} told the {body} in {month} that {said}",
    "A note of {day} by {who} says that {said}",
    "In {town}, the {body} found that {said}",
    "Minutes of the meeting of {day} in {town} record that {said}",
)
_EVENTS = (
    "The {body} met in {town} on {day} and voted {number} to {small} for the plan of {who}.",
    "{who} was elected to the board of the {body} on {day}, with {number} of the votes.",
    "The {body} will spend {number} million on the site in {town} by {month}.",
    "{who}, who led the {body} until {month}, moved to {town} with a staff of {small}.",
    "A hearing before the {body} was put off from {day} at the request of {who}.",
    "On {day} a fault at the {body} kept {number} households in {town} waiting for {small} hours.",
)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a document can be about: headings, each with its sentences cut at what is told otherwise each time."""

    sections: tuple[tuple[str | None, tuple[tuple[str, ...], ...]], ...]


@dataclass(frozen=True, slots=True)
class _Cast:
    """Who and what one document speaks of."""

    people: tuple[str, ...]
    bodies: tuple[str, ...]
    towns: tuple[str, ...]
    day: date
    years_on: int


@dataclass(frozen=True, slots=True)
class _Dossier:
    title: str
    cast: _Cast
    paragraphs: tuple[str, ...]


def dossiers(count: int, *, seed: int = 0) -> Iterator[SourceText]:
    """`count` Markdown files, of `CHUNKS_A_DOCUMENT` chunks on average; a smaller `count` gives the first of the same.

    Raises:
        ConfigurationError: fitz-gov is not installed.
    """
    generator = random.Random(seed)  # noqa: S311 - a sample, not a secret
    subjects = _subjects()
    earlier: list[_Dossier] = []
    for number in range(count):
        kind = generator.random()
        if earlier and kind < _EDITION_SHARE:
            made = _later_edition(generator.choice(earlier), generator)
        elif earlier and kind < _EDITION_SHARE + _COPY_SHARE:
            made = generator.choice(earlier)
        else:
            made = _written(generator.choice(subjects), generator)
            earlier = [*earlier[-200:], made]
        yield SourceText(f"{number // 500:02}/{number:05}.md", _markdown(made))


def _markdown(dossier: _Dossier) -> str:
    head = f"---\ntitle: {dossier.title}\npublished: {dossier.cast.day.isoformat()}\n---\n"
    return head + "\n\n".join(dossier.paragraphs) + "\n"


def _subjects() -> list[_Subject]:
    """fitz-gov's documents by the kind that their names begin with."""
    by_kind: dict[str, list[tuple[str | None, tuple[tuple[str, ...], ...]]]] = {}
    for document in load_fitz_gov(half="all").documents:
        sentences = [document.text[span.start : span.end] for span in split_sentences(document.text)]
        cut = tuple(_cut(sentence) for sentence in sentences if is_statement(sentence) and "\n" not in sentence)
        if cut:
            kind = re.split(r"[_\d]", document.source)[0]
            by_kind.setdefault(kind, []).append((document.title, cut))
    large = [_Subject(tuple(sections)) for sections in by_kind.values() if len(sections) >= _FEWEST_BASES]
    small = [section for sections in by_kind.values() if len(sections) < _FEWEST_BASES for section in sections]
    return [*large, _Subject(tuple(small))]


def _cut(sentence: str) -> tuple[str, ...]:
    """Its pieces; those at odd places are years, numbers and names."""
    pieces, end = [], 0
    for found in _SLOT.finditer(sentence):
        pieces += [sentence[end : found.start()], found.group()]
        end = found.end()
    return (*pieces, sentence[end:])


def _written(subject: _Subject, generator: random.Random) -> _Dossier:
    cast = _cast(generator)
    wanted = round(generator.lognormvariate(0, 0.6) * _SECTIONS / 1.2)  # the mean of that distribution is 1.2
    count = min(max(wanted, _FEWEST_SECTIONS), _MOST_SECTIONS, len(subject.sections))
    paragraphs: list[str] = []
    for number, (heading, sentences) in enumerate(generator.sample(subject.sections, count)):
        if heading and number % 4 == 1:
            paragraphs.append(f"## {heading}")
        told = [_told(pieces, cast, generator) for pieces in sentences if generator.random() < _KEPT_SHARE]
        paragraphs.append(" ".join([*told, _filled(generator.choice(_EVENTS), cast, generator)]))
    about = generator.choice(subject.sections)[0] or "Notes"
    title = " ".join(re.findall(r"[\w'’-]+", about)[:7])
    return _Dossier(f"{title} in {cast.towns[0]}", cast, tuple(paragraphs))


def _later_edition(dossier: _Dossier, generator: random.Random) -> _Dossier:
    """The same, some months on: paragraphs have gone, others end with news."""
    cast = _Cast(
        people=dossier.cast.people,
        bodies=dossier.cast.bodies,
        towns=dossier.cast.towns,
        day=dossier.cast.day + timedelta(generator.randrange(30, 400)),
        years_on=dossier.cast.years_on,
    )
    paragraphs = [
        f"{paragraph} {_filled(generator.choice(_EVENTS), cast, generator)}"
        if generator.random() < _CHANGED_SHARE and not paragraph.startswith("#")
        else paragraph
        for paragraph in dossier.paragraphs
    ]
    del paragraphs[generator.randrange(len(paragraphs))]
    return _Dossier(dossier.title, cast, tuple(paragraphs))


def _cast(generator: random.Random) -> _Cast:
    day = _FIRST_DAY + timedelta(generator.randrange(_DAYS))
    towns = tuple(generator.choice(_NAME_STARTS) + generator.choice(_TOWN_ENDS) for _ in range(3))
    return _Cast(
        people=tuple(
            f"{generator.choice(_FIRST_NAMES)} {generator.choice(_NAME_STARTS)}{generator.choice(_SURNAME_ENDS)}"
            for _ in range(6)
        ),
        bodies=tuple(f"{generator.choice(towns)} {body}" for body in generator.sample(_BODIES, 5)),
        towns=towns,
        day=day,
        years_on=day.year - 2024,
    )


def _told(pieces: Sequence[str], cast: _Cast, generator: random.Random) -> str:
    """A sentence as this document has it: its own names, years and figures, and now and then whoever says it."""
    said = "".join(_replaced(piece, cast, generator) if place % 2 else piece for place, piece in enumerate(pieces))
    if len(pieces) > 1 and generator.random() < 0.7:
        return said
    opening = said.partition(" ")[0].lower()
    said = opening + said[len(opening) :] if opening in STOP_WORDS else said
    return _filled(generator.choice(_SAYINGS), cast, generator, said=said)


def _replaced(piece: str, cast: _Cast, generator: random.Random) -> str:
    if not piece[0].isdigit():
        names = (*cast.people, *cast.bodies)
        return names[sum(piece.encode()) % len(names)]  # the same for a name wherever the document has it
    if re.fullmatch(r"(?:1[5-9]|20)\d\d", piece):
        return str(int(piece) + cast.years_on)
    value = float(piece.replace(",", "")) * generator.uniform(0.5, 1.9)
    decimals = len(piece.partition(".")[2])
    return f"{value:,.{decimals}f}" if "," in piece else f"{value:.{decimals}f}"


def _filled(template: str, cast: _Cast, generator: random.Random, *, said: str = "") -> str:
    day = cast.day - timedelta(generator.randrange(1, 700))
    return template.format(
        who=generator.choice(cast.people),
        body=generator.choice(cast.bodies),
        town=generator.choice(cast.towns),
        day=f"{day.day} {day:%B %Y}",
        month=f"{day:%B %Y}",
        number=generator.randrange(12, 900),
        small=generator.randrange(2, 12),
        said=said,
    )
