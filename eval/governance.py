"""fitz-gov's questions with the contexts given for each in, how often the verdict is the expected one out.

Its four governance categories expect three modes: `abstain`, `disputed` or `trustworthy` (answered in full or in part).
A case's contexts are indexed as documents of its own, and its question is asked of these alone.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eval.answerability import open_probe
from eval.labelled_sets import draw
from eval.metrics import Figure, figure
from eval.public_sets import Half, SourceText, fitz_gov_package, parity
from rag.progress import Bars, silent
from rag.settings import Settings
from rag.types import Verdict

Mode = Literal["abstain", "disputed", "trustworthy"]
MODES: tuple[Mode, ...] = ("abstain", "disputed", "trustworthy")
CATEGORIES = ("abstention", "dispute", "trustworthy_direct", "trustworthy_hedged")
_MODE_OF: dict[Verdict, Mode] = {
    "abstained": "abstain",
    "disputed": "disputed",
    "answered": "trustworthy",
    "partial": "trustworthy",
}
_STEPS, _RATE, _DECAY = 2_000, 0.5, 1e-3  # of the baseline's fit: it has converged to three digits


@dataclass(frozen=True, slots=True)
class GovernanceCase:
    id: str
    category: str
    question: str
    contexts: tuple[SourceText, ...]
    mode: Mode


def load_governance(package: Path | None = None, *, half: Half = "odd") -> list[GovernanceCase]:
    """The cases of the four categories; halves are by the parity of the SHA-256 of the case's id.

    Raises:
        ConfigurationError: fitz-gov is not installed; the message says how to install it.
    """
    folder = (package or fitz_gov_package()) / "data" / "tier1_core"
    return [
        GovernanceCase(
            id=case["id"],
            category=category,
            question=case["query"],
            contexts=tuple(
                [SourceText(f"{case['id']}/{number}.txt", text, None) for number, text in enumerate(case["contexts"])]
            ),
            mode=case["expected_mode"],
        )
        for category in CATEGORIES
        for case in json.loads((folder / f"{category}.json").read_text(encoding="utf-8"))["cases"]
        if half in ("all", parity(case["id"]))
    ]


def governance_figures(
    package: Path, cache: Path, *, settings: Settings, limit: int | None = None, bars: Bars = silent
) -> dict[str, Figure]:
    """`accuracy` over the odd half and each mode's share found; `shape_accuracy` is of a model that sees no word.

    That baseline knows only how many contexts there are and how long they are, fitted on the even half: how far a
    figure on this set can be reached without reading. `limit` takes a seeded sample of that many cases; all contexts
    stay indexed, so figures stay comparable.
    """
    every = load_governance(package, half="odd")
    cases = draw(every, limit)
    with open_probe([text for case in every for text in case.contexts], cache, settings=settings, bars=bars) as probe:
        update = bars("Asking fitz-gov")
        said = []
        for number, case in enumerate(cases, start=1):
            said.append(_MODE_OF[probe.ask(case.question, source=f"{case.id}/*").verdict])
            update(number, len(cases))
    right = [float(mode == case.mode) for mode, case in zip(said, cases, strict=True)]
    shape = _by_shape(load_governance(package, half="even"), cases)
    return {
        "accuracy": figure(right),
        "shape_accuracy": figure([float(mode == case.mode) for mode, case in zip(shape, cases, strict=True)]),
        **{
            f"{mode}_found": figure([value for value, case in zip(right, cases, strict=True) if case.mode == mode])
            for mode in MODES
        },
    }


def _by_shape(known: Sequence[GovernanceCase], asked: Sequence[GovernanceCase]) -> list[Mode]:
    """What a softmax regression over counts and lengths says of `asked`, fitted on `known`."""
    features, others = _shapes(known), _shapes(asked)
    middle, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    features, others = _with_squares((features - middle) / spread), _with_squares((others - middle) / spread)
    truth = np.eye(len(MODES))[[MODES.index(case.mode) for case in known]]
    weights = np.zeros((features.shape[1], len(MODES)))
    for _ in range(_STEPS):
        logits = features @ weights
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        weights -= _RATE * (features.T @ (shares - truth) / len(features) + _DECAY * weights)
    return [MODES[number] for number in (others @ weights).argmax(axis=1)]


def _shapes(cases: Sequence[GovernanceCase]) -> NDArray[np.float64]:
    lengths = [[len(text.text.split()) for text in case.contexts] for case in cases]
    rows = [[len(one), *np.log1p([sum(one), min(one), max(one)])] for one in lengths]
    return np.array(rows, np.float64)


def _with_squares(features: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hstack([np.ones((len(features), 1)), features, features**2])
