"""What a run leaves behind, in and out: a folder with what was asked of whom, and each answer as one JSON line.

    run.json        `RunInfo`: the configuration, the gold set's hash, versions, when
    results.jsonl   one `CaseResult` a line, appended case by case, so that a killed run resumes
    corpus.json     the documents' texts and metadata, so that a run can be scored and shown without its index

Scores are not stored: they are computed from these files, so that a better scorer can score an old run.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rag.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What was run. `configuration` holds everything that decides an answer; `identity` is its hash with the set's."""

    name: str
    identity: str
    started: str  # ISO 8601, UTC
    target: str  # "attest", an endpoint's URL or an answers file's name
    configuration: Mapping[str, Any]
    cases_path: str
    cases_hash: str
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CorpusDocument:
    """A document as the run saw it."""

    source: str
    text: str
    title: str | None = None
    publisher: str | None = None
    published: str | None = None


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case's answer in the `Answer` contract, or the reason there is none; never both."""

    case_id: str
    answer: Mapping[str, Any] | None
    failure: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Score:
    """A metric of one case: its value, usually 0..1, or None, and in words why it is what it is."""

    value: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Run:
    """A run read back."""

    folder: Path
    info: RunInfo
    results: Sequence[CaseResult]
    corpus: Mapping[str, CorpusDocument]  # by source


def append_result(folder: Path, result: CaseResult) -> None:
    with (folder / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")


def write_run(folder: Path, info: RunInfo, corpus: Sequence[CorpusDocument]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / "run.json", asdict(info))
    _write_json(folder / "corpus.json", [asdict(document) for document in corpus])


def read_run(folder: Path) -> Run:
    """A run's folder.

    Raises:
        ConfigurationError: it is not one; the message names what is missing or broken.
    """
    try:
        info = RunInfo(**json.loads((folder / "run.json").read_text(encoding="utf-8")))
        documents = [CorpusDocument(**entry) for entry in json.loads((folder / "corpus.json").read_text("utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(f"{folder} is not a run of `attest eval run`: {error}") from None
    return Run(folder, info, read_results(folder), {document.source: document for document in documents})


def read_results(folder: Path) -> list[CaseResult]:
    """The results so far, the last of each case; a line cut short by a kill is left out, so that it is asked again."""
    path = folder / "results.jsonl"
    if not path.is_file():
        return []
    found: dict[str, CaseResult] = {}
    # Not splitlines: a document's U+2028 stands raw in the JSON. A kill may cut a line inside a character.
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            result = CaseResult(**json.loads(line))
        except (ValueError, TypeError):
            continue
        found[result.case_id] = result
    return list(found.values())


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
