"""Rows of features with labels and weights in, the weights of a logistic model out; by Newton's method, in numpy."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_STEPS = 50
_CLOSE = 1e-8


def fit(features: Array, labels: Array, weights: Array, *, ridge: float) -> tuple[Array, float]:
    """Coefficients [features] and bias, for features as they are.

    Inside, features are standardised and the coefficients' squares penalised by `ridge` per unit of total weight; the
    bias is not.
    """
    middle, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    rows = np.hstack([(features - middle) / spread, np.ones((len(features), 1))])
    penalty = ridge * weights.sum() * np.diag([*np.ones(features.shape[1]), 0.0])
    found = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        shares = 1 / (1 + np.exp(-(rows @ found)))
        gradient = rows.T @ (weights * (shares - labels)) + penalty @ found
        curvature = (rows.T * (weights * shares * (1 - shares))) @ rows + penalty
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(found)), gradient)
        found -= step
        if np.abs(step).max() < _CLOSE:
            break
    coefficients = found[:-1] / spread
    return coefficients, float(found[-1] - middle @ coefficients)


def fit_signed(
    features: Array, labels: Array, weights: Array, signs: Sequence[int], *, ridge: float
) -> tuple[Array, float]:
    """`fit`, with coefficients of the given signs only: the one that is furthest on the wrong side is left out, at 0,
    until none is. A model that may not reward what should count against an answer transfers better."""
    kept = list(range(features.shape[1]))
    while True:
        found, bias = fit(features[:, kept], labels, weights, ridge=ridge)
        reach = found * features[:, kept].std(axis=0) * np.array([signs[column] for column in kept])
        if (reach >= 0).all():
            break
        kept.pop(int(reach.argmin()))
    coefficients = np.zeros(features.shape[1])
    coefficients[kept] = found
    return coefficients, bias


def balanced(labels: Sequence[bool], *, total: float = 1.0) -> list[float]:
    """Weights that give both labels half of `total`."""
    positive = sum(labels)
    share = {True: 0.5 * total / max(positive, 1), False: 0.5 * total / max(len(labels) - positive, 1)}
    return [share[label] for label in labels]
