"""A case's result in, the time, tokens and dollars it took out; and, before a run, what it is likely to cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from eval.cases import GoldCase
from eval.results import CaseResult, CorpusDocument, Score
from eval.scorers.reading import not_scored, read_count
from rag.prices import PRICES_PATH, price_of

METRICS = ("seconds", "prompt_tokens", "completion_tokens", "dollars")
_COMPLETION_TOKENS = 250  # an answer of five cited sentences


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run is likely to take; `dollars` is None where no price is known. `reason` says what it rests on."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    dollars: float | None
    reason: str


def score(case: GoldCase, result: CaseResult, corpus: Mapping[str, CorpusDocument]) -> dict[str, Score]:
    """Wall-clock seconds, the tokens that the target reports, and dollars: reported too, or tokens x price."""
    answer = result.answer or {}
    prompt, completion = read_count(answer, "prompt_tokens"), read_count(answer, "completion_tokens")
    seconds = Score(result.seconds, "from asking to the whole answer")
    if prompt is None or completion is None:
        return {"seconds": seconds, **not_scored(METRICS[1:], "the target reports no token counts")}
    return {
        "seconds": seconds,
        "prompt_tokens": Score(float(prompt), "as the target reports"),
        "completion_tokens": Score(float(completion), "as the target reports"),
        "dollars": _told_dollars(answer["cost_usd"])
        if "cost_usd" in answer
        else _dollars(str(answer.get("model") or ""), prompt, completion),
    }


def estimate(
    cases: Sequence[GoldCase],
    model: str,
    prompt_tokens_each: int,
    *,
    completion_tokens_each: int = _COMPLETION_TOKENS,
) -> Estimate:
    """Tokens and dollars of asking every case once.

    `prompt_tokens_each` is what a prompt holds beside the question and its history, which are counted: instructions and
    passages. Exact for neither other vendors' tokenizers (cl100k_base is counted) nor for retries.
    """
    from rag.tokens import count_tokens

    if model == "extractive":
        return Estimate(0, 0, 0, 0.0, "extractive answers call no model")
    asked = sum(count_tokens("\n".join([*(turn.content for turn in case.history), case.question])) for case in cases)
    prompt, completion = prompt_tokens_each * len(cases) + asked, completion_tokens_each * len(cases)
    dollars = _dollars(model, prompt, completion)
    assumed = f"{prompt_tokens_each} prompt tokens beside the question and {completion_tokens_each} written, each case"
    return Estimate(len(cases), prompt, completion, dollars.value, f"{assumed}; {dollars.reason}")


def _told_dollars(told: object) -> Score:
    """As the target reports: an answer given up for the documents' words names no model, but was paid for."""
    if isinstance(told, int | float) and not isinstance(told, bool) and 0 <= told < inf:
        return Score(float(told), "as the target reports")
    return Score(None, f"the target knows no price; add its model to {PRICES_PATH.name}")


def _dollars(model: str, prompt: int, completion: int) -> Score:
    if model == "extractive":
        return Score(0.0, "extractive answers call no model")
    price = price_of(model)
    if price is None:
        return Score(None, f"no price is known for {model!r}; add it to {PRICES_PATH.name}")
    return Score(
        price.of(prompt, completion),
        f"{prompt} in at ${price.input:g} and {completion} out at ${price.output:g} a million, as of {price.as_of}",
    )
