"""A case and the passages its answer was drawn from in, how much of the needed evidence they hold and how early out."""

from collections.abc import Mapping, Sequence
from math import log2
from typing import Any

from eval.cases import GoldCase
from eval.metrics import SourceSpan, char_scores, reciprocal_rank
from eval.results import CorpusDocument, Score
from eval.scorers.evidence import Piece, locate_evidence, rank_of, shown_piece, why_no_evidence
from eval.scorers.reading import not_scored, read_passages

METRICS = ("recall@1", "recall@5", "mrr@10", "ndcg@10", "char_recall", "char_precision", "char_iou")
_DEPTH = 10


def score(case: GoldCase, answer: Mapping[str, Any], corpus: Mapping[str, CorpusDocument]) -> dict[str, Score]:
    """recall@k, MRR@10, nDCG@10 and character scores, over the pieces of evidence the case needs."""
    pieces = locate_evidence(case, corpus)
    if reason := why_no_evidence(case, pieces):
        return not_scored(METRICS, reason)
    passages = read_passages(answer)
    if passages is None:
        return not_scored(METRICS, "the answer does not list its passages")
    ranks = [rank_of(piece, passages) for piece in pieces]
    found = [rank for rank in ranks if rank is not None]
    first = min(found, default=None)
    names = [shown_piece(piece) for piece in case.evidence]
    return {
        "recall@1": _recall(ranks, names, at=1),
        "recall@5": _recall(ranks, names, at=5),
        "mrr@10": Score(
            reciprocal_rank(first, at=_DEPTH),
            f"the first piece of evidence is in passage {first}" if first else "no passage holds evidence",
        ),
        "ndcg@10": Score(
            ndcg(found, pieces=len(pieces)),
            f"{len(found)} of {_pieces(len(pieces))} of evidence, in passages {_listed(sorted(found))}",
        ),
        **_characters(pieces, passages),
    }


def ndcg(ranks: Sequence[int], *, pieces: int, at: int = _DEPTH) -> float:
    """Normalised discounted cumulative gain where each of `pieces` found counts 1, once.

    sum over pieces found, the i-th at rank r <= `at`, of 1 / log2(1 + max(r, i)), over that of i = 1 .. pieces.
    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques" (2002), with one gain a piece instead of
    one a passage: a passage that holds two pieces is worth as much as two passages in a row, and never more.
    """
    credited = [max(rank, order) for order, rank in enumerate(sorted(ranks), start=1)]
    ideal = sum(1 / log2(1 + order) for order in range(1, min(pieces, at) + 1))
    return sum(1 / log2(1 + rank) for rank in credited if rank <= at) / ideal


def _recall(ranks: Sequence[int | None], names: Sequence[str], *, at: int) -> Score:
    missing = [name for rank, name in zip(ranks, names, strict=True) if rank is None or rank > at]
    found = len(ranks) - len(missing)
    reason = f"{found} of {_pieces(len(ranks))} of evidence in the first {f'{at} passages' if at > 1 else 'passage'}"
    return Score(found / len(ranks), f"{reason}; missing {missing[0]}" if missing else reason)


def _characters(pieces: Sequence[Piece], passages: Sequence[SourceSpan]) -> dict[str, Score]:
    """Against the alternative of each piece that the passages hold most of; the first of equals."""
    gold = [max(piece, key=lambda place: char_scores(passages, [place]).recall) for piece in pieces]
    scores = char_scores(passages, gold)
    shown = sum(passage.end - passage.start for passage in passages)
    wanted = sum(place.end - place.start for place in gold)
    reason = f"{wanted} characters of evidence, {shown} shown"
    return {
        "char_recall": Score(scores.recall, reason),
        "char_precision": Score(scores.precision, reason) if shown else Score(None, "no passage was shown"),
        "char_iou": Score(scores.iou, reason),
    }


def _pieces(number: int) -> str:
    return f"{number} piece{'s' if number > 1 else ''}"


def _listed(ranks: Sequence[int]) -> str:
    return ", ".join(map(str, ranks)) or "none"
