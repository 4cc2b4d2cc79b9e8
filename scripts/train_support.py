"""People's labels of claims in, the weights of the support score out, with a table of how well they hold.

    python -m scripts.train_support --data DIR

`--data` has the labelled sets that `attest eval calibrate` reads: AttributionBench, WiCE and SummEdits, the halves to
tune on. `rag/models/support.json` is written and the table printed, as Markdown. Equal files give equal weights:
nothing is drawn at random but the bootstrap, which is seeded.

The model is a logistic regression with the signs that sense demands (a coverage never speaks against a claim, a
violation never for it), because without them it learns the habits of a set: in SummEdits false summaries hold more
words of their document than true ones. Every set weighs the same, and in it both labels do, so that one threshold, .5,
serves all. Everything in the table is out of fold: a claim is judged by weights that saw neither it nor its source
(AttributionBench), its page (WiCE) or its domain (SummEdits).
"""

import argparse
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.agreement import Floats, Labels, Sample, Statistic, auc, balanced_accuracy, macro_f1, measured
from eval.json_lines import read_lines
from eval.labelled_sets import CLAIM_FAMILIES, ClaimFamily, LabelledClaim, find_files, load_claims
from eval.metrics import Figure
from rag.grounding.features import COVERAGES, VIOLATIONS
from rag.grounding.score import LEAST_SUPPORT, MODEL, Part, Weights, claim_features, pooled, read_parts
from scripts.logistic import balanced
from scripts.logistic import fit as fit_logistic

RIDGE = 0.03  # of .001 to .1, which change no figure by more than .02
FOLDS = 5
ATTRIBUTION = -1.75  # its weight at most: all else said, "cannot tell". Only a score of labelled claims drop one
BANDS = (0.05, 0.1, 0.15, 0.2, 0.25)  # half the width of "cannot tell"
BAND = 0.1  # a third of the claims; inside, the score is hardly better than chance
NAMES = {"attributionbench": "AttributionBench", "wice_claim": "WiCE", "summedits": "SummEdits"}

Choice = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled claim, the source, page or domain that folds keep together, and what it is judged by."""

    family: ClaimFamily
    source: str
    claim: LabelledClaim
    features: Mapping[str, float]
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Data:
    """Rows, and as arrays what folds and statistics select by."""

    rows: Sequence[Row]
    family: NDArray[np.str_]
    source: NDArray[np.str_]
    fold: NDArray[np.int64]
    labels: Labels

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Data":
        hashed = [int(hashlib.sha256(row.claim.group.encode()).hexdigest(), 16) % FOLDS for row in rows]
        return cls(
            rows,
            np.array([row.family for row in rows]),
            np.array([row.source for row in rows]),
            np.array(hashed),
            np.array([row.claim.supported for row in rows]),
        )

    def sample(self, scores: Floats, chosen: Choice) -> Sample:
        groups = [f"{row.family} {row.claim.group}" for row, one in zip(self.rows, chosen, strict=True) if one]
        return Sample.of(scores[chosen].tolist(), self.labels[chosen].tolist(), groups)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled sets")
    data = Data.of(list(read_rows(parser.parse_args().data)))
    weights = fit(data, np.ones(len(data.rows), bool))
    report(data, weights)
    stored = {
        "intercept": round(weights.intercept, 4),
        "features": {name: round(weight, 4) for name, weight in weights.of.items()},
        "cannot_tell": [round(LEAST_SUPPORT - BAND, 2), round(LEAST_SUPPORT + BAND, 2)],
    }
    MODEL.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


def read_rows(folder: Path) -> Iterator[Row]:
    """Every claim of every set, with its features."""
    for path, family in find_files(folder).files.items():
        if family not in CLAIM_FAMILIES:
            continue
        sources = (
            dict(read_lines(path, lambda record: (record["id"], record["src_dataset"])))
            if family == "attributionbench"
            else {}
        )
        for claim in load_claims(path, family):
            features = claim_features(claim.claim, claim.evidence)
            source = sources.get(claim.id, path.name.split(".")[0])
            yield Row(family, source, claim, features, read_parts(claim.claim, claim.evidence))


def fit(data: Data, chosen: Choice) -> Weights:
    """The weights that fit the chosen rows best. A feature that would get the wrong sign gets no weight."""
    names = [*COVERAGES, *VIOLATIONS]
    shares = np.zeros(len(data.rows))
    for family in np.unique(data.family[chosen]):
        own = chosen & (data.family == family)
        shares[own] = balanced(data.labels[own].tolist())
    while True:
        values = np.array([[row.features[name] for name in names] for row in data.rows])[chosen]
        found, intercept = fit_logistic(values, data.labels[chosen].astype(float), shares[chosen], ridge=RIDGE)
        weights = dict(zip(names, map(float, found), strict=True))
        wrong = {name: abs(one) for name, one in weights.items() if (one > 0) is (name in VIOLATIONS)}
        if not wrong:
            break
        names.remove(max(wrong, key=lambda name: wrong[name]))
    weights["attributions"] = min(ATTRIBUTION, weights.get("attributions", 0.0))
    return Weights(intercept, weights)


def judge(data: Data, weights: Weights, chosen: Choice) -> Floats:
    rows = (row for row, one in zip(data.rows, chosen, strict=True) if one)
    return np.array([pooled(row.parts, weights) for row in rows])


def out_of_fold(data: Data) -> Floats:
    """Each claim's score by weights that saw neither it nor its source, page or domain."""
    scores = np.zeros(len(data.rows))
    folds = [data.source == source for source in np.unique(data.source[data.family != "wice_claim"])]
    folds += [(data.family == "wice_claim") & (data.fold == fold) for fold in range(FOLDS)]
    for held in folds:
        scores[held] = judge(data, fit(data, ~held), held)
    return scores


def report(data: Data, weights: Weights) -> None:
    scores = out_of_fold(data)
    say("| set | figure | value [95%] | AUC | n |\n|---|---|---|---|---|")
    for family in CLAIM_FAMILIES:
        chosen = data.family == family
        figure, metric = headline(data, scores, chosen, family)
        say(
            f"| **{NAMES[family]}** | {metric} | **{shown(figure)}** | "
            f"{shown(ranked(data, scores, chosen))} | {figure.n} |"
        )
        for source in np.unique(data.source[chosen]):
            part = chosen & (data.source == source)
            if part.sum() < chosen.sum():
                statistic = macro_f1 if family == "attributionbench" else balanced_accuracy
                value = measured(statistic, data.sample(scores, part).at_least(LEAST_SUPPORT))
                say(f"| {source} | | {shown(value)} | {shown(ranked(data, scores, part))} | {value.n} |")
    transfer(data)
    bands(data, scores)
    say("\n| feature | weight |\n|---|---|")
    for name, weight in weights.of.items():
        say(f"| {name} | {weight:+.2f} |")
    say(f"| (intercept) | {weights.intercept:+.2f} |")


def headline(data: Data, scores: Floats, chosen: Choice, family: ClaimFamily) -> tuple[Figure, str]:
    """A set's own figure: macro-F1, balanced accuracy, or its mean over domains."""
    sample = data.sample(scores, chosen).at_least(LEAST_SUPPORT)
    if family == "summedits":
        return measured(
            _mean_over(data.source[chosen], balanced_accuracy), sample
        ), "balanced accuracy, mean of domains"
    if family == "attributionbench":
        return measured(macro_f1, sample), "macro-F1"
    return measured(balanced_accuracy, sample), "balanced accuracy"


def transfer(data: Data) -> None:
    """Weights of one set alone, and of the two others, on each set."""
    say("\n| trained on | " + " | ".join(f"{NAMES[family]}" for family in CLAIM_FAMILIES) + " |\n|---|---|---|---|")
    for trained in (*CLAIM_FAMILIES, None):
        cells = []
        for tested in CLAIM_FAMILIES:
            if trained == tested:
                cells.append("")
                continue
            chosen = data.family == tested
            scores = np.zeros(len(data.rows))
            training = ~chosen if trained is None else data.family == trained
            scores[chosen] = judge(data, fit(data, training), chosen)
            cells.append(shown(headline(data, scores, chosen, tested)[0]))
        say(f"| {NAMES[trained] if trained else 'the two others'} | {' | '.join(cells)} |")


def bands(data: Data, scores: Floats) -> None:
    """What calling the middle of the scale "cannot tell" takes out, and what is left: means of the three sets."""
    say("\n| cannot tell | share | balanced accuracy outside | inside |\n|---|---|---|---|")
    for half in (0.0, *BANDS):
        inside = np.abs(scores - LEAST_SUPPORT) <= half if half else np.zeros(len(scores), bool)
        shares: list[float] = []
        without: list[float] = []
        within: list[float] = []
        for family in CLAIM_FAMILIES:
            chosen = data.family == family
            shares.append(float(inside[chosen].mean()))
            for figures, part in ((without, chosen & ~inside), (within, chosen & inside)):
                if part.any():
                    sample = data.sample(scores, part).at_least(LEAST_SUPPORT)
                    figures.append(balanced_accuracy(sample.values, sample.labels, np.ones(len(sample))) or 0.0)
        low, high = LEAST_SUPPORT - half, LEAST_SUPPORT + half
        say(
            f"| {low:.2f} to {high:.2f} | {' / '.join(f'{share:.0%}' for share in shares)} | "
            f"{' / '.join(f'{one:.3f}' for one in without)} | {' / '.join(f'{one:.3f}' for one in within)} |"
        )


def ranked(data: Data, scores: Floats, chosen: Choice) -> Figure:
    return measured(auc, data.sample(scores, chosen))


def _mean_over(parts: NDArray[np.str_], statistic: Statistic) -> Statistic:
    def mean(values: Floats, labels: Labels, weights: Floats) -> float | None:
        each = [
            statistic(values[parts == part], labels[parts == part], weights[parts == part]) for part in np.unique(parts)
        ]
        return None if None in each else float(np.mean([one for one in each if one is not None]))

    return mean


def shown(figure: Figure) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return "undefined"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - its output


if __name__ == "__main__":
    main()
