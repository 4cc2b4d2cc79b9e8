"""A Word file's numbering in, the number or bullet before each paragraph out: `4.2`, `(a)`, `-`.

Word keeps no numbers in its text but counts when it shows it: what readers call clause 4.2 is not found unless we do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from docx.oxml.ns import qn

from rag.corpus.formats.docx_text import value

BULLET = "-"


@dataclass(frozen=True, slots=True)
class _Level:
    """How one level of a list is numbered: `text` has %1 for the first level's number, %2 for the second's."""

    start: int
    format: str
    text: str


@dataclass(slots=True)
class Numbering:
    """Counts the paragraphs of each list; ask for them in the document's order."""

    levels: Mapping[str, Mapping[int, _Level]]
    lists: Mapping[str, str]
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)

    def label(self, list_id: str, level: int) -> str | None:
        """What stands before the next paragraph of that list and level; None where it is not in a list."""
        abstract = self.lists.get(list_id)
        levels = self.levels.get(abstract or "", {})
        if abstract is None or level not in levels:
            return None
        counts = self._counts.setdefault(abstract, {})
        counts[level] = counts.get(level, levels[level].start - 1) + 1
        for deeper in [one for one in counts if one > level]:
            del counts[deeper]
        if levels[level].format in ("bullet", "none"):
            return BULLET if levels[level].format == "bullet" else None
        label = levels[level].text
        for other, told in levels.items():
            label = label.replace(f"%{other + 1}", _number(counts.get(other, told.start), told.format))
        return label.strip() or None


def read_numbering(root: Any) -> Numbering:
    """The numbering in the root of `numbering.xml`; none without one."""
    levels: dict[str, dict[int, _Level]] = {}
    lists: dict[str, str] = {}
    for abstract in root.findall(qn("w:abstractNum")) if root is not None else ():
        levels[abstract.get(qn("w:abstractNumId"))] = {
            int(level.get(qn("w:ilvl"))): _Level(
                start=int(value(level, "w:start") or 1),
                format=value(level, "w:numFmt") or "decimal",
                text=value(level, "w:lvlText") or "",
            )
            for level in abstract.findall(qn("w:lvl"))
        }
    for one in root.findall(qn("w:num")) if root is not None else ():
        lists[one.get(qn("w:numId"))] = value(one, "w:abstractNumId") or ""
    return Numbering(levels, lists)


def _number(count: int, form: str) -> str:
    match form:
        case "lowerLetter" | "upperLetter":
            letters = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
            return letters if form == "lowerLetter" else letters.upper()
        case "lowerRoman" | "upperRoman":
            return _roman(count) if form == "upperRoman" else _roman(count).lower()
        case "decimalZero":
            return f"{count:02}"
        case _:
            return str(count)


def _roman(count: int) -> str:
    ones = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
    tens = ("", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX", "XC")
    return "C" * (count // 100) + tens[count // 10 % 10] + ones[count % 10]
