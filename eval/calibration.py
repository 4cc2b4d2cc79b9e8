"""A folder of labelled sets in, how far the grounding scorer, a judge, selection and verdicts agree with people out.

fitz-gov, which is a package and no file, comes in where it is installed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eval.agreement import Sample, auc, balanced_accuracy, best_threshold, measured
from eval.labelled_sets import CLAIM_FAMILIES, ClaimFamily, FoundFiles, LabelledClaim, draw, load_claims
from eval.metrics import Figure, figure
from eval.raters import rater_figures
from rag.grounding import LEAST_SUPPORT, support
from rag.prices import price_of
from rag.progress import Bars, Update, silent
from rag.settings import Settings

if TYPE_CHECKING:
    from eval.judge import Judge, Judgement

PUBLISHED: Mapping[tuple[str, str], tuple[tuple[float, str], ...]] = {
    ("attributionbench", "macro_f1"): ((0.823, "lexical overlap, out of domain*"),),
    ("wice_claim", "balanced_accuracy"): ((0.698, "lexical overlap*"), (0.722, "MiniCheck-FT5"), (0.785, "GPT-4o")),
    ("summedits", "balanced_accuracy"): (
        (0.522, "lexical overlap*"),
        (0.571, "SummaC-Conv"),
        (0.674, "QAFactEval"),
        (0.725, "ChatGPT"),
        (0.832, "GPT-4"),
        (0.906, "people"),
    ),
    ("fitz-gov", "shape_accuracy"): ((0.711, "count and lengths of contexts†"),),
    ("fitz-gov", "accuracy"): ((0.804, "all features with a cross-encoder†"),),
}
"""What others reach, by the start of a set's name and metric; * and † are of this project's feasibility study, * with
plain word overlap.

AttributionBench: Li et al., "AttributionBench: How Hard is Automatic Attribution Evaluation?" (2024). WiCE claims:
Kamoi et al., "WiCE" (2023), as Tang et al. score it in "MiniCheck" (2024). SummEdits: Laban et al., "LLMs as Factual
Reasoners" (2023), the mean of all its ten domains. Ours are on whatever part of these sets is given.
"""

FITZ_GOV = "fitz-gov (odd half)"


@dataclass(frozen=True, slots=True)
class Calibration:
    """Figures by name (a file's, or fitz-gov's) and metric, and by name what a reader of them must know."""

    figures: dict[str, dict[str, Figure]]
    notes: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class _ClaimFile:
    name: str
    family: ClaimFamily
    claims: Sequence[LabelledClaim]
    support: Sample


def calibrate(
    found: FoundFiles,
    cache: Path,
    *,
    settings: Settings,
    judge: "Judge | None" = None,
    fitz_gov: Path | None = None,
    limit: int | None = None,
    bars: Bars = silent,
) -> Calibration:
    """Each file's figures, and those of the package folder `fitz_gov`; indexes of question sets are kept in `cache`.

    `limit` takes a seeded sample of each.

    Raises:
        ConfigurationError: a file has a broken line; the message names it.
    """
    claim_files = [
        _score_file(path, family, limit, bars(f"Scoring {path.name}"))
        for path, known in found.files.items()
        for family in CLAIM_FAMILIES
        if family == known
    ]
    figures: dict[str, dict[str, Figure]] = {}
    notes: dict[str, list[str]] = {path.name: [] for path in found.files}
    for path, family in found.files.items():
        if family == "squad2" or family == "mtrag_un":
            from eval import answerability  # the engine

            measure = answerability.squad_figures if family == "squad2" else answerability.turn_figures
            folder = cache / path.name.removesuffix(".gz").removesuffix(".jsonl")
            figures[path.name] = measure(path, folder, settings=settings, limit=limit, bars=bars)
        else:
            one = next(file for file in claim_files if file.name == path.name)
            figures[path.name], notes[path.name] = _claim_figures(one, claim_files)
            if judge is not None:
                judged, said = judge_figures(one.claims, judge, bars(f"Judging {path.name}"))
                figures[path.name] |= judged
                notes[path.name] += said
    if fitz_gov is not None:
        from eval.governance import governance_figures  # the engine

        figures[FITZ_GOV] = governance_figures(
            fitz_gov, cache / "fitz-gov-governance", settings=settings, limit=limit, bars=bars
        )
    return Calibration(figures, notes)


def judge_figures(
    claims: Sequence[LabelledClaim], judge: "Judge", progress: Update
) -> tuple[dict[str, Figure], list[str]]:
    """`rater_figures` of a judge, "unclear" counting as not supported, with its flip rate and what it took."""
    from eval.judge import Claim

    judgements = judge.judge([Claim(claim.claim, claim.evidence) for claim in claims], progress=progress)
    opinions = [None if found.opinion is None else found.opinion == "yes" for found in judgements]
    figures, notes = rater_figures(opinions, claims)
    flips = [
        (float(found.flipped), claim.group)
        for found, claim in zip(judgements, claims, strict=True)
        if found.flipped is not None
    ]
    figures["flip_rate"] = figure([flip for flip, _ in flips], clusters=[group for _, group in flips])
    figures |= _spent(judgements, judge.model_name)
    if figures["dollars"].value is None:
        notes.append(f"dollars: no price is known for {judge.model_name!r}; add it to rag/prices.toml")
    unscored = Counter(found.reason for found in judgements if found.opinion is None)
    notes += [f"unscored {count}: {reason}" for reason, count in unscored.most_common(5)]
    return {f"judge_{name}": value for name, value in figures.items()}, [f"judge: {note}" for note in notes]


def _spent(judgements: Sequence["Judgement"], model: str) -> dict[str, Figure]:
    """Of all votes, those read from disk included: what a first run costs."""
    votes = [vote for found in judgements for vote in found.votes]
    prompt, completion = sum(vote.prompt_tokens for vote in votes), sum(vote.completion_tokens for vote in votes)
    price = price_of(model)
    totals = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "dollars": price.of(prompt, completion) if price else None,
        "cached_votes": sum(vote.cached for vote in votes),
    }
    return {
        name: Figure(None if total is None else float(total), None, None, len(votes)) for name, total in totals.items()
    }


def _score_file(path: Path, family: ClaimFamily, limit: int | None, progress: Update) -> _ClaimFile:
    claims = draw(load_claims(path, family), limit)
    scores = []
    for number, claim in enumerate(claims, start=1):
        scores.append(support(claim.claim, claim.evidence))
        progress(number, len(claims))
    sample = Sample.of(scores, [claim.supported for claim in claims], [claim.group for claim in claims])
    return _ClaimFile(path.name, family, claims, sample)


def _claim_figures(file: _ClaimFile, files: Sequence[_ClaimFile]) -> tuple[dict[str, Figure], list[str]]:
    """The scorer at the engine's own threshold, over all thresholds, and at the one that suits the other sets best."""
    figures, notes = rater_figures([bool(value) for value in file.support.at_least(LEAST_SUPPORT).values], file.claims)
    del figures["unscored"]  # the scorer scores everything
    figures["auc"] = measured(auc, file.support)
    others = [
        [one.support for one in files if one.family == family] for family in CLAIM_FAMILIES if family != file.family
    ]
    threshold = best_threshold(others)
    name = "balanced_accuracy_at_others_best"
    if threshold is None:
        figures[name] = Figure(None, None, None, len(file.claims))
        notes.append(f"{name}: there is no other labelled set to choose a threshold on")
    else:
        figures[name] = measured(balanced_accuracy, file.support.at_least(threshold))
        notes.append(f"threshold of the engine {LEAST_SUPPORT:g}, best on the other sets {threshold:.3g}")
    return figures, notes
