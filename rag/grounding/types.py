"""What support is told with: a label, and flags that say why."""

from dataclasses import dataclass
from typing import Literal

SupportLabel = Literal["supported", "not_supported", "cannot_tell"]
FlagKind = Literal["number", "date", "unit", "name", "negation", "quantifier", "antonym", "attribution"]


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that the claim says and the evidence does not, in words for a reader."""

    kind: FlagKind
    detail: str
