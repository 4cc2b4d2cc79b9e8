"""A rater's opinions and people's labels of the same claims in, how well they agree out; a judge is such a rater."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eval.agreement import (
    Floats,
    Labels,
    Sample,
    Statistic,
    balanced_accuracy,
    kappa,
    macro_f1,
    measured,
    sensitivity,
    specificity,
)
from eval.labelled_sets import LabelledClaim
from eval.metrics import Figure, figure
from eval.results import Score


def corrected_rate(raw: float, *, sensitivity: float, specificity: float) -> Score:
    """The rate people would find, from the rate `raw` that an imperfect rater finds: (p + sp - 1) / (se + sp - 1).

    Rogan and Gladen (1978); clipped to 0..1, where chance can push it out.
    """
    skill = sensitivity + specificity - 1
    if skill <= 0:
        return Score(
            None,
            f"sensitivity {sensitivity:.2f} and specificity {specificity:.2f} are no better than chance: "
            "the rater's rate says nothing of people's",
        )
    value = min(1.0, max(0.0, (raw + specificity - 1) / skill))
    return Score(value, f"({raw:.3f} + {specificity:.3f} - 1) / ({sensitivity:.3f} + {specificity:.3f} - 1)")


def rater_figures(
    opinions: Sequence[bool | None], claims: Sequence[LabelledClaim]
) -> tuple[dict[str, Figure], list[str]]:
    """A rater's opinions (None: unscored) against people's labels, and why what is None is so.

    raw_rate        yes among all claims, the unscored counted in, as not yes; None where nothing is scored
    human_rate      people's yes among all claims
    sensitivity, specificity, balanced_accuracy, macro_f1, kappa
                    over the scored claims
    corrected_rate  of the scored claims, by `corrected_rate`: each half (by a hash of the group) with the sensitivity
                    and specificity of the other half. With its own it would equal people's rate whatever the rater did
    unscored        how many, of all
    """
    groups, labels = [claim.group for claim in claims], [claim.supported for claim in claims]
    scored = [number for number, opinion in enumerate(opinions) if opinion is not None]
    kept = [claims[number] for number in scored]
    sample = Sample.of(
        [float(bool(opinions[number])) for number in scored],
        [claim.supported for claim in kept],
        [claim.group for claim in kept],
    )
    corrected = _cross_corrected(_halves(kept))
    figures = {
        "raw_rate": figure([float(opinion is True) for opinion in opinions], clusters=groups)
        if scored
        else Figure(None, None, None, len(claims)),
        "human_rate": figure([float(label) for label in labels], clusters=groups),
        "sensitivity": measured(sensitivity, sample),
        "specificity": measured(specificity, sample),
        "balanced_accuracy": measured(balanced_accuracy, sample),
        "macro_f1": measured(macro_f1, sample),
        "kappa": measured(kappa, sample),
        "corrected_rate": measured(corrected, sample),
        "unscored": Figure(float(len(claims) - len(scored)), None, None, len(claims)),
    }
    reasons = []
    if not scored:
        reasons.append("nothing was scored, so nothing can be compared")
    elif figures["balanced_accuracy"].value is None:
        reasons.append("all labels are alike, so that agreement is undefined")
    elif figures["corrected_rate"].value is None:
        reasons.append("corrected_rate: in one half the rater is no better than chance or a label is missing")
    return figures, reasons


def _halves(claims: Sequence[LabelledClaim]) -> NDArray[np.bool_]:
    return np.array([hashlib.sha256(claim.group.encode()).digest()[-1] % 2 == 1 for claim in claims], bool)


def _cross_corrected(half: NDArray[np.bool_]) -> Statistic:
    def statistic(values: Floats, labels: Labels, weights: Floats) -> float | None:
        total, found = float(weights.sum()), 0.0
        for own in (half, ~half):
            other = ~own
            share = float(weights[own].sum())
            true = sensitivity(values[other], labels[other], weights[other])
            false = specificity(values[other], labels[other], weights[other])
            if not share or true is None or false is None:
                return None
            raw = float((values[own] * weights[own]).sum()) / share
            corrected = corrected_rate(raw, sensitivity=true, specificity=false).value
            if corrected is None:
                return None
            found += corrected * share / total
        return found

    return statistic
