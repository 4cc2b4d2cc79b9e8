"""Files of public sets that people labelled in, claims with their evidence and turns with their contexts out.

Told apart by the start of their names; each is JSON lines in the set's published format, packed (`.gz`) or not:

attributionbench_  OSU-NLP-Group/AttributionBench         `claim`, `references`, `attribution_label`
wice_claim_        ryokamoi/wice, entailment_retrieval    `claim`, `evidence` (sentences of a web page), `label`
summedits_         salesforce/factualNLG, data/summedits  `summary`, `doc`, `label`; a file is a domain
squad2_            SQuAD 2.0, the entries of `data`       read by `eval.public_sets.read_squad2`
mtrag_un_          IBM/mt-rag-benchmark, MTRAG-UN         `input` (turns), `contexts`, `answerability`
"""

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from eval.json_lines import ENDINGS, read_lines
from rag.errors import ConfigurationError

T = TypeVar("T")
Family = Literal["attributionbench", "wice_claim", "summedits", "squad2", "mtrag_un"]
ClaimFamily = Literal["attributionbench", "wice_claim", "summedits"]
Answerability = Literal["ANSWERABLE", "UNANSWERABLE", "PARTIAL", "UNDERSPECIFIED"]

FAMILIES: tuple[Family, ...] = ("attributionbench", "wice_claim", "summedits", "squad2", "mtrag_un")
CLAIM_FAMILIES: tuple[ClaimFamily, ...] = ("attributionbench", "wice_claim", "summedits")


@dataclass(frozen=True, slots=True)
class LabelledClaim:
    """A claim, the texts it should rest on, and whether people say it does.

    Claims of one `group` share a question or a document, so they are no independent evidence: intervals resample
    groups, and folds never part one.
    """

    id: str
    claim: str
    evidence: tuple[str, ...]
    supported: bool
    group: str


@dataclass(frozen=True, slots=True)
class TurnTask:
    """The last question of a conversation, the contexts given for it and whether they answer it."""

    id: str
    question: str
    contexts: tuple[str, ...]
    answerability: Answerability
    group: str


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The labelled files of a folder, by family, and the names of whatever else is there."""

    files: Mapping[Path, Family]
    skipped: tuple[str, ...]


def find_files(folder: Path) -> FoundFiles:
    """What `folder` holds.

    Raises:
        ConfigurationError: it is no folder, or has no file of any set.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is not a folder. Give the folder with the labelled files as --data DIR.")
    files: dict[Path, Family] = {}
    skipped = []
    for path in sorted(folder.iterdir()):
        family = next((one for one in FAMILIES if path.name.startswith(f"{one}_")), None)
        if family is None or not path.is_file() or not path.name.endswith(ENDINGS):
            skipped.append(path.name)
        else:
            files[path] = family
    if not files:
        starts = ", ".join(f"{family}_*" for family in FAMILIES)
        raise ConfigurationError(f"{folder} has no labelled set: no file is named {starts} and ends in .jsonl[.gz].")
    return FoundFiles(files, tuple(skipped))


def load_claims(path: Path, family: ClaimFamily) -> list[LabelledClaim]:
    """The file's claims in its order.

    Raises:
        ConfigurationError: a line is not of the published format; the message names it.
    """
    parse = {"attributionbench": _attributionbench, "wice_claim": _wice, "summedits": _summedits}[family]
    return read_lines(path, parse)


def load_turns(path: Path) -> list[TurnTask]:
    """The tasks of a file of MTRAG-UN.

    Raises:
        ConfigurationError: a line is not of the published format; the message names it.
    """
    return read_lines(path, _turn)


def draw(items: Sequence[T], limit: int | None) -> list[T]:
    """At most `limit` of them, chosen by a fixed seed, in their order."""
    if limit is None or limit >= len(items):
        return list(items)
    chosen = random.Random(0).sample(range(len(items)), limit)  # noqa: S311 - a sample, not a secret
    return [items[number] for number in sorted(chosen)]


def _attributionbench(record: dict[str, Any]) -> LabelledClaim:
    return LabelledClaim(
        id=_text(record, "id"),
        claim=_text(record, "claim"),
        evidence=_texts(record, "references"),
        supported=_one_of(record, "attribution_label", {"attributable": True, "not attributable": False}),
        group=_text(record, "question"),
    )


def _wice(record: dict[str, Any]) -> LabelledClaim:
    """Supported against the rest, as MiniCheck and its followers score it: "partially" is not supported."""
    return LabelledClaim(
        id=_text(record["meta"], "id"),
        claim=_text(record, "claim"),
        evidence=_texts(record, "evidence"),
        supported=_one_of(record, "label", {"supported": True, "partially_supported": False, "not_supported": False}),
        group=_text(record["meta"], "claim_title"),
    )


def _summedits(record: dict[str, Any]) -> LabelledClaim:
    document = _text(record, "doc")
    return LabelledClaim(
        id=_text(record, "id"),
        claim=_text(record, "summary"),
        evidence=(document,),
        supported=_one_of(record, "label", {1: True, 0: False}),
        group=hashlib.sha256(document.encode()).hexdigest()[:12],
    )


def _turn(record: dict[str, Any]) -> TurnTask:
    last = record["input"][-1]
    if last["speaker"] != "user":
        raise ValueError(f"the last turn is of {last['speaker']!r}, not of the user")
    labels: dict[Any, Answerability] = {
        "ANSWERABLE": "ANSWERABLE",
        "UNANSWERABLE": "UNANSWERABLE",
        "PARTIAL": "PARTIAL",
        "UNDERSPECIFIED": "UNDERSPECIFIED",
    }
    return TurnTask(
        id=_text(record, "task_id"),
        question=_text(last, "text"),
        contexts=tuple(text for context in record["contexts"] if (text := _text(context, "text")).strip()),
        answerability=_one_of({"answerability": record["answerability"][0]}, "answerability", labels),
        group=_text(record, "conversation_id"),
    )


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record[name]
    if not isinstance(value, str):
        raise TypeError(f"{name!r} is {value!r:.40}, not text")
    return value


def _texts(record: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = record[name]
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise TypeError(f"{name!r} is {value!r:.40}, not a list of texts")
    return tuple(value)


def _one_of(record: Mapping[str, Any], name: str, known: Mapping[Any, T]) -> T:
    if record[name] not in known:
        raise ValueError(f"{name!r} is {record[name]!r}; known are {', '.join(map(repr, known))}")
    return known[record[name]]
