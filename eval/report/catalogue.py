"""A metric's name in; what a report calls it, where it stands, what it means and how its values are written."""

from dataclasses import dataclass
from typing import Literal

Scale = Literal["share", "seconds", "count", "dollars"]

GROUPS = ("Verdict", "Correctness", "Groundedness", "Citations", "Retrieval", "Model", "Cost and time", "Other")


@dataclass(frozen=True, slots=True)
class Metric:
    """`says` is what a value of 1 (or the value itself) means, in one sentence."""

    name: str
    label: str
    group: str
    says: str
    scale: Scale = "share"


_METRICS = (
    Metric("verdict_correct", "Verdict right", "Verdict", "The verdict given is the expected one."),
    Metric("false_answer", "False answers", "Verdict", "A question the corpus cannot answer was answered."),
    Metric(
        "false_abstention",
        "False abstentions",
        "Verdict",
        "A question the corpus can answer was abstained from.",
    ),
    Metric("disputed_found", "Disputes found", "Verdict", "A dispute between sources was called one."),
    Metric("false_dispute", "False disputes", "Verdict", "A dispute was declared where there is none."),
    Metric("points_covered", "Points covered", "Correctness", "The share of the expected facts that the answer holds."),
    Metric("no_wrong_claims", "No wrong claim", "Correctness", "None of the known wrong claims is made."),
    Metric("short_answer_em", "Exact match", "Correctness", "The answer is an accepted short answer (SQuAD)."),
    Metric("short_answer_f1", "Token F1", "Correctness", "Token overlap with the accepted short answer (SQuAD)."),
    Metric("grounded_share", "Sentences grounded", "Groundedness", "The share of sentences their citations support."),
    Metric("grounded_strict", "All grounded", "Groundedness", "Every sentence is supported by its citations."),
    Metric("citation_exact", "Citations exact", "Citations", "The share of quotes that stand at their offsets."),
    Metric("citation_recall", "Citation recall", "Citations", "The share of sentences their cited set proves (ALCE)."),
    Metric("citation_precision", "Citation precision", "Citations", "The share of citations that are needed (ALCE)."),
    Metric("evidence_hit", "Evidence cited", "Citations", "A citation overlaps a piece of expected evidence."),
    Metric("recall@1", "Recall at 1", "Retrieval", "The share of evidence in the first passage."),
    Metric("recall@5", "Recall at 5", "Retrieval", "The share of evidence in the first five passages."),
    Metric("mrr@10", "MRR at 10", "Retrieval", "One over the rank of the first passage with evidence."),
    Metric("ndcg@10", "nDCG at 10", "Retrieval", "How near the top the passages with evidence are."),
    Metric("char_recall", "Character recall", "Retrieval", "The share of evidence characters that were retrieved."),
    Metric(
        "char_precision", "Character precision", "Retrieval", "The share of retrieved characters that are evidence."
    ),
    Metric("char_iou", "Character IoU", "Retrieval", "Shared characters over all retrieved or expected ones."),
    Metric("degraded", "Fallbacks", "Model", "The documents' own words stand where a model was to write."),
    Metric(
        "dropped_sentences",
        "Sentences dropped",
        "Model",
        "Per answer, sentences a model wrote that nothing cited proves.",
        "count",
    ),
    Metric(
        "repaired_sentences",
        "Sentences repaired",
        "Model",
        "Per answer, sentences said with other citations than the model gave.",
        "count",
    ),
    Metric("seconds", "Seconds", "Cost and time", "Wall time of one answer.", "seconds"),
    Metric("prompt_tokens", "Prompt tokens", "Cost and time", "Tokens sent to a model.", "count"),
    Metric("completion_tokens", "Completion tokens", "Cost and time", "Tokens a model wrote.", "count"),
    Metric("dollars", "Dollars", "Cost and time", "Price of the tokens.", "dollars"),
)
_BY_NAME = {metric.name: metric for metric in _METRICS}
_PLACES = {metric.name: place for place, metric in enumerate(_METRICS)}


def metric_of(name: str) -> Metric:
    """What is known of the metric; one nobody described goes to "Other" under its own name."""
    return _BY_NAME.get(name) or Metric(name, name, "Other", "")


def in_order(names: "set[str]") -> list[str]:
    """The names as a report lists them: by group, the plainest first."""
    return sorted(names, key=lambda name: (GROUPS.index(metric_of(name).group), _PLACES.get(name, len(_PLACES)), name))


def written(name: str, value: float | None, *, signed: bool = False) -> str:
    """The value as every report writes it: shares with three decimals, "–" for none."""
    if value is None:
        return "–"
    sign = "+" if signed else ""
    match metric_of(name).scale:
        case "share":
            text = f"{value:{sign}.3f}"
        case "seconds":
            text = f"{value:{sign}.3g}" if abs(value) < 10 else f"{value:{sign},.1f}"
        case "count":
            text = f"{value:{sign},.1f}" if value % 1 else f"{value:{sign},.0f}"
        case "dollars":
            text = f"{value:{sign}.4f}"
    return text.replace("-", "−")


def written_interval(name: str, low: float | None, high: float | None, *, signed: bool = False) -> str:
    if low is None or high is None:
        return "–"
    return f"{written(name, low, signed=signed)} to {written(name, high, signed=signed)}"


def percent(share: float | None) -> str:
    """For prose: a whole number of per cent."""
    return "–" if share is None else f"{share * 100:.0f}%"
