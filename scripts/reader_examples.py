"""Folders of labelled sets in, the examples that the reader is trained on out, as JSON lines.

    python -m scripts.reader_examples --data DIR --cache DIR --out examples.jsonl

Run with the project installed (`pip install -e ".[eval]"`); `scripts/train_reader.py` reads the file. `--data` holds
the files that `attest eval calibrate` reads and `chunking_eval/`; fitz-gov gives its even half. Every draw is seeded.

An example is what the engine shows the reader: a question and a digest of sentences, made by the engine's own search
and `rag.answering.reading`. Its labels say which sentences hold the answer and where in them (SQuAD's spans;
chunking_eval's, by sentence), whether the digest answers the question (`answerable`), and whether it answers it in two
ways (`disputed`: fitz-gov; never so in SQuAD).

Made examples, beside the labelled ones, of questions that their digest does not answer: the answering sentences were
left out of it, or one of the question's names or numbers was exchanged for another of its article.

Claims were tried too (AttributionBench, WiCE, SummEdits, and SQuAD's sentences falsified, 4,800 in all): a third output
for "supported" stayed near chance on what it had not seen (AUC .46 to .63), so support is left to `rag.grounding`.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from eval.answerability import Probe, open_probe
from eval.governance import load_governance
from eval.metrics import SourceSpan
from eval.public_sets import SquadQuestion, load_chunking, read_squad2
from rag.answering.ranking import Scored
from rag.answering.reading import digest
from rag.console import print_json
from rag.settings import Settings, load_settings
from scripts.exchange import exchange, names_in, numbers_in

LEAST_OVERLAP = 0.5  # of a sentence with a span of chunking_eval, to hold it
LEFT_OUT_SHARE = 0.4  # of chunking_eval's questions that are also shown without their answer

Segment = tuple[str, int | None, tuple[int, int] | None]
"""A text of the digest, 1 if it holds the answer, 0 if not, None if unknown, and the answer's place in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    set: str
    group: str
    key: str
    query: str
    segments: Sequence[Segment]
    answerable: int | None = None
    disputed: int | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name in ("--data", "--cache", "--out"):
        parser.add_argument(name, type=Path, required=True)
    given = parser.parse_args()
    settings, draw = load_settings(), random.Random(0)  # noqa: S311 - draws, not secrets
    counts: dict[str, int] = {}
    with given.out.open("w", encoding="utf-8") as out:
        for examples in (
            *(squad(path, given.cache, settings, draw) for path in sorted(given.data.glob("squad2_*"))),
            chunking(given.data, given.cache, settings, draw),
            governance(given.cache, settings),
        ):
            for example in examples:
                out.write(json.dumps(asdict(example), ensure_ascii=False) + "\n")
                counts[example.set] = counts.get(example.set, 0) + 1
    print_json(counts)


def squad(path: Path, cache: Path, settings: Settings, draw: random.Random) -> Iterator[Example]:
    documents, questions = read_squad2(path)
    names, numbers = dict[str, list[str]](), dict[str, list[str]]()
    for article in sorted({asked.article for asked in questions}):
        own = [asked.text for asked in questions if asked.article == article]
        names[article] = sorted({name for text in own for name in names_in(text)})
        numbers[article] = sorted({number for text in own for number in numbers_in(text)})
    with open_probe(documents, cache / "squad2", settings=settings) as probe:
        for asked in questions:
            yield from _squad_question(asked, probe, names[asked.article], numbers[asked.article], draw)


def _squad_question(
    asked: SquadQuestion, probe: Probe, names: Sequence[str], numbers: Sequence[str], draw: random.Random
) -> Iterator[Example]:
    def example(query: str, segments: Sequence[Segment], *, answerable: bool) -> Example:
        return Example(
            set="squad2",
            group=asked.article,
            key=asked.question_id,
            query=query,
            segments=segments,
            answerable=int(answerable),
            disputed=0,
        )

    found = probe.rank(asked.text)
    own = probe.rank(asked.text, source=asked.source)
    for ranked in (found, own):
        segments = _labelled(ranked, asked.answers)
        if not asked.answerable or any(label for _, label, _ in segments):
            yield example(asked.text, segments, answerable=asked.answerable)
    if asked.answerable:
        without = [one for one in found if not _labelled([one], asked.answers)[-1][1]]
        if without and _kept(asked.question_id, 2) == 1:
            yield example(asked.text, _labelled(without, ()), answerable=False)
        other = exchange(asked.text, names, numbers, draw)
        if other:
            yield example(other, _labelled(probe.rank(other, source=asked.source), ()), answerable=False)
    elsewhere = probe.rank_without(asked.text, asked.source.rpartition("/")[0])
    if elsewhere and _kept(asked.question_id, 5) == 0:
        yield example(asked.text, _labelled(elsewhere, ()), answerable=False)


def chunking(data: Path, cache: Path, settings: Settings, draw: random.Random) -> Iterator[Example]:
    found = load_chunking(data)
    with open_probe(found.documents, cache / "chunking", settings=settings) as probe:
        for asked in found.questions:
            ranked = probe.rank(asked.text)
            held = [_overlaps(one, asked.spans) for one in ranked]
            missing = [one for one, holds in zip(ranked, held, strict=True) if not holds]
            labels = {id(one): int(holds) for one, holds in zip(ranked, held, strict=True)}
            for shown, answerable in ((ranked, True), (missing, False)):
                segments: list[Segment] = [
                    (segment.text, None if segment.candidate is None else labels[id(segment.candidate)], None)
                    for segment in digest(shown)
                ]
                told = segments and answerable == any(label for _, label, _ in segments)
                if told and (answerable or draw.random() < LEFT_OUT_SHARE):
                    yield Example(
                        set="chunking",
                        group=asked.spans[0].source,
                        key=asked.question_id,
                        query=asked.text,
                        segments=segments,
                        answerable=int(answerable),
                        disputed=0,
                    )


def governance(cache: Path, settings: Settings) -> Iterator[Example]:
    cases = load_governance(half="even")
    with open_probe([text for case in cases for text in case.contexts], cache / "fitz", settings=settings) as probe:
        for case in cases:
            abstain = case.mode == "abstain"
            segments = [
                (segment.text, 0 if abstain and segment.candidate else None, None)
                for segment in digest(probe.rank(case.question, source=f"{case.id}/*"))
            ]
            if segments:
                yield Example(
                    set="fitz_even",
                    group=case.id,
                    key=case.id,
                    query=case.question,
                    segments=segments,
                    answerable=int(not abstain),
                    disputed=int(case.mode == "disputed"),
                )


def _labelled(ranked: Sequence[Scored], answers: Sequence[SourceSpan]) -> list[Segment]:
    segments: list[Segment] = []
    for segment in digest(ranked):
        place = _place(segment.candidate, answers) if segment.candidate else None
        segments.append((segment.text, int(place is not None) if segment.candidate else None, place))
    return segments


def _place(candidate: Scored, answers: Sequence[SourceSpan]) -> tuple[int, int] | None:
    """Where in the sentence the first answer that it holds whole stands."""
    sentence = candidate.sentence
    for answer in answers:
        if (
            answer.source == candidate.hit.document.source
            and sentence.start <= answer.start
            and answer.end <= sentence.end
        ):
            return answer.start - sentence.start, answer.end - sentence.start
    return None


def _overlaps(candidate: Scored, spans: Sequence[SourceSpan]) -> bool:
    start, end = candidate.sentence.start, candidate.sentence.end
    return any(
        span.source == candidate.hit.document.source
        and min(span.end, end) - max(span.start, start) >= LEAST_OVERLAP * (end - start)
        for span in spans
    )


def _kept(key: str, of: int) -> int:
    return int(sha256(key.encode()).hexdigest(), 16) % of


if __name__ == "__main__":
    main()
