"""Labelled questions and the readers of both halves in, the heads that choose sentences and answers, and figures, out.

    python -m scripts.train_heads --data DIR --cache DIR --readers fold0.onnx fold1.onnx

Run with the project installed (`pip install -e ".[eval]"`). Writes rag/models/heads.json and prints how well the heads
do on questions that neither they nor the reader were fitted on: each question is read by the reader of the half that
left it out (`reader_folds.py`), and heads are fitted without its article.

`selection` is fitted to put the answering sentence of squad2_a before each other of its digest. `answerable` is fitted
on squad2_a (with the written near misses, and with the article left out), on the even half of fitz-gov and on the gold
set's `tune` half, each set and both labels weighing the same, and no sign counting the wrong way.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from eval.agreement import Sample, auc, measured
from eval.answerability import Probe, open_probe, probe_index
from eval.cases import load_cases, split_of
from eval.corpora import indexed
from eval.governance import load_governance
from eval.metrics import Figure, SourceSpan, figure
from eval.public_sets import SourceText, read_squad2
from rag.answering.investigation import Investigation
from rag.answering.parts import split_question
from rag.answering.ranking import Features, Scored
from rag.answering.reading import by_selection
from rag.answering.signs import Signs, read_signs
from rag.heads import FILE, Head
from rag.progress import Bars, progress_bars
from rag.reader import LocalReader
from rag.settings import Settings, load_settings
from scripts.logistic import Array, balanced, fit, fit_signed
from scripts.reader_folds import fold_of

GOLD, SEEDS = Path("eval/gold/seeds.jsonl"), Path("seeds")
SELECTION = (*(one.name for one in fields(Features)), "reader")
ANSWERABLE = tuple(one.name for one in fields(Signs))
RIDGE = 1e-3
MOST_RIVALS = 6
"""Other sentences that the answering one is compared with, the best by the cheap score."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the engine sees it; `group` keeps what belongs together in one fold."""

    set: str
    group: str
    found: Investigation
    answerable: bool
    answers: tuple[SourceSpan, ...] = ()

    def holds(self, candidate: Scored) -> bool:
        return any(
            span.source == candidate.hit.document.source
            and candidate.sentence.start <= span.start
            and span.end <= candidate.sentence.end
            for span in self.answers
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name in ("--data", "--cache"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--readers", type=Path, nargs=2, required=True)
    given = parser.parse_args()
    readers = [LocalReader(model=path) for path in given.readers]
    with progress_bars() as bars:
        asked = [
            *ask_squad(given.data, given.cache, readers, load_settings(), bars),
            *ask_governance(given.cache, readers, load_settings(), bars),
            *ask_gold(given.cache, readers, load_settings(), bars),
        ]
    heads = {"selection": fit_selection(asked)}
    heads["answerable"] = fit_answerable(asked, heads["selection"])
    FILE.write_text(json.dumps({name: asdict(head) for name, head in heads.items()}, indent=1) + "\n", encoding="utf-8")
    for name, value in {**selection_figures(asked), **answerable_figures(asked, heads["selection"])}.items():
        low, high = (f"{edge:.3f}" if edge is not None else "-" for edge in (value.low, value.high))
        print(f"{name:<44}{value.value:.3f}  {low} to {high}  n = {value.n}")  # noqa: T201


def ask_squad(data: Path, cache: Path, readers: Sequence[LocalReader], settings: Settings, bars: Bars) -> list[Asked]:
    documents, questions = read_squad2(next(iter(sorted(data.glob("squad2_*")))))
    asked = []
    with ExitStack() as stack:
        probes = _probes(documents, cache / "squad2", readers, settings, stack)
        update = bars("Asking squad2")
        for number, one in enumerate(questions, start=1):
            probe = probes[fold_of(one.article)]
            asked.append(Asked("squad2", one.article, probe.investigate(one.text), one.answerable, one.answers))
            if one.answerable:
                absent = probe.investigate_without(one.text, one.source.rpartition("/")[0])
                asked.append(Asked("squad2_absent", one.article, absent, answerable=False))
            update(number, len(questions))
    return asked


def ask_governance(cache: Path, readers: Sequence[LocalReader], settings: Settings, bars: Bars) -> list[Asked]:
    cases = load_governance(half="even")
    asked = []
    with ExitStack() as stack:
        documents = [text for case in cases for text in case.contexts]
        probes = _probes(documents, cache / "fitz", readers, settings, stack)
        update = bars("Asking fitz-gov")
        for number, case in enumerate(cases, start=1):
            probe = probes[fold_of(case.id)]
            found = probe.investigate(case.question, source=f"{case.id}/*")
            asked.append(Asked("fitz", case.id, found, case.mode != "abstain"))
            update(number, len(cases))
    return asked


def ask_gold(cache: Path, readers: Sequence[LocalReader], settings: Settings, bars: Bars) -> list[Asked]:
    """Neither reader has seen the gold set; the first one reads it. Follow-ups are left out."""
    cases = [case for case in load_cases(GOLD) if split_of(case.id) == "tune" and not case.history and not case.as_of]
    folder, _ = indexed(SEEDS, cache / "gold", settings=settings)
    with probe_index(folder, settings=settings, reader=readers[0]) as probe:
        return [
            Asked("gold", case.question, probe.investigate(part), case.verdict != "abstained")
            for case in cases
            for part in split_question(case.question)[:1]
        ]


def _probes(
    documents: Sequence[SourceText],
    folder: Path,
    readers: Sequence[LocalReader],
    settings: Settings,
    stack: ExitStack,
) -> list[Probe]:
    return [stack.enter_context(open_probe(documents, folder, settings=settings, reader=reader)) for reader in readers]


def fit_selection(asked: Sequence[Asked]) -> Head:
    """By pairs: the answering sentence's features less another's are one, the other way round the other label."""
    rows, labels = list[Array](), list[bool]()
    for one in asked:
        if not one.answers:
            continue
        right = [candidate for candidate in one.found.ranked if one.holds(candidate)][:1]
        wrong = sorted(
            (candidate for candidate in one.found.ranked if not one.holds(candidate)),
            key=lambda candidate: -candidate.features.cosine - candidate.features.coverage,
        )[:MOST_RIVALS]
        for better in right:
            for worse in wrong:
                difference = _selection_row(better) - _selection_row(worse)
                rows += [difference, -difference]
                labels += [True, False]
    weights, _ = fit(np.array(rows), np.array(labels, float), np.ones(len(rows)), ridge=RIDGE)
    return Head(0.0, {name: round(float(weight), 5) for name, weight in zip(SELECTION, weights, strict=True)})


def fit_answerable(asked: Sequence[Asked], selection: Head) -> Head:
    usable = [one for one in asked if one.found.ranked]
    rows = np.array([_answerable_row(one, selection) for one in usable])
    labels = np.array([one.answerable for one in usable])
    weights = np.zeros(len(usable))
    for members in _sets(usable).values():
        weights[members] = balanced([bool(labels[member]) for member in members])
    signs = [-1 if name == "names_missing" else 1 for name in ANSWERABLE]
    found, bias = fit_signed(rows, labels.astype(float), weights * len(usable), signs, ridge=RIDGE)
    weighed = {name: round(float(weight), 5) for name, weight in zip(ANSWERABLE, found, strict=True) if weight}
    return Head(round(bias, 5), weighed)


def _sets(asked: Sequence[Asked]) -> dict[str, list[int]]:
    """Rows by what is balanced: near misses and absent articles each stand against the answerable of squad2."""
    sets: dict[str, list[int]] = {"squad2": [], "squad2_absent": [], "fitz": [], "gold": []}
    for row, one in enumerate(asked):
        sets[one.set].append(row)
    sets["squad2"] += sets.pop("squad2_absent")
    return sets


def _selection_row(candidate: Scored) -> Array:
    values = {**asdict(candidate.features), "reader": candidate.logit}
    return np.array([values[name] for name in SELECTION])


def _answerable_row(one: Asked, selection: Head) -> Array:
    found = one.found
    ranked = by_selection(found.ranked, selection)
    signs = asdict(read_signs(found.query, found.hits, ranked, found.reading))
    return np.array([signs[name] for name in ANSWERABLE])


def selection_figures(asked: Sequence[Asked]) -> dict[str, Figure]:
    """Heads fitted without the article."""
    held: dict[str, list[float]] = {"squad2 first": [], "squad2 first three": [], "squad2 first, reader alone": []}
    groups = []
    for article in sorted({one.group for one in asked if one.answers}):
        head = fit_selection([one for one in asked if one.group != article])
        for one in asked:
            if one.set == "squad2" and one.answerable and one.group == article:
                ranked = by_selection(one.found.ranked, head)
                alone = sorted(ranked, key=lambda candidate: -candidate.logit)
                held["squad2 first"].append(float(any(map(one.holds, ranked[:1]))))
                held["squad2 first three"].append(float(any(map(one.holds, ranked[:3]))))
                held["squad2 first, reader alone"].append(float(any(map(one.holds, alone[:1]))))
                groups.append(one.answers[0].source)
    return {name: figure(values, clusters=groups) for name, values in held.items()}


def answerable_figures(asked: Sequence[Asked], selection: Head) -> dict[str, Figure]:
    """AUC of heads fitted without the article, or with half of fitz-gov and all of squad2; and each sign alone."""
    figures = {}
    usable = [one for one in asked if one.found.ranked]
    scores = _left_out(usable, selection)
    kinds: dict[str, Callable[[Asked], bool]] = {
        "near misses": lambda one: one.set == "squad2",
        "article absent": lambda one: one.set == "squad2_absent" or (one.set == "squad2" and one.answerable),
        "fitz-gov": lambda one: one.set == "fitz",
        "gold tune (fitted)": lambda one: one.set == "gold",
    }
    rows = np.array([_answerable_row(one, selection) for one in usable])
    for name, belongs in kinds.items():
        members = [row for row, one in enumerate(usable) if belongs(one)]
        labels, groups = [usable[row].answerable for row in members], [usable[row].group for row in members]
        figures[f"AUC {name}"] = measured(auc, Sample.of([scores[row] for row in members], labels, groups))
        for column, sign in enumerate(ANSWERABLE):
            values = [float(rows[row, column]) for row in members]
            figures[f"  {name}: {sign} alone"] = measured(auc, Sample.of(values, labels, groups))
    return figures


def _left_out(asked: Sequence[Asked], selection: Head) -> list[float]:
    scores = [0.0] * len(asked)
    folds = sorted({one.group for one in asked if one.set == "squad2"})
    for fold in (*folds, 0, 1):
        inside = [
            row
            for row, one in enumerate(asked)
            if (one.group == fold if isinstance(fold, str) else one.set == "fitz" and fold_of(one.group) == fold)
        ]
        left = set(inside)
        head = fit_answerable([one for row, one in enumerate(asked) if row not in left], selection)
        for row in inside:
            values = dict(zip(ANSWERABLE, _answerable_row(asked[row], selection), strict=True))
            scores[row] = head.log_odds(values)
    head = fit_answerable(asked, selection)
    for row, one in enumerate(asked):
        if one.set == "gold":
            scores[row] = head.log_odds(dict(zip(ANSWERABLE, _answerable_row(one, selection), strict=True)))
    return scores


if __name__ == "__main__":
    main()
