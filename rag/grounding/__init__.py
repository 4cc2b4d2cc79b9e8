"""A claim and the passages it cites in; whether they support it, how far and why not, out."""

from rag.grounding.score import LEAST_SUPPORT, Support, claim_features, judge_support, support
from rag.grounding.types import Flag, FlagKind, SupportLabel

__all__ = [
    "LEAST_SUPPORT",
    "Flag",
    "FlagKind",
    "Support",
    "SupportLabel",
    "claim_features",
    "judge_support",
    "support",
]
