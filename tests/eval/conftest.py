"""Tiny data sets in the published formats."""

import csv
import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from eval.cases import AnswerPoint, Evidence, GoldCase, QuoteRef
from eval.results import CaseResult, CorpusDocument, Run, RunInfo
from rag.settings import Settings

OTTERS = "Sea otters hold hands while they sleep. They eat urchins and clams."
BRIDGE = "The bridge opened on 3 May 1932. It is 503 metres long."
BREAD = "Rye bread needs a sour starter. Bakers feed the starter twice a day."


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The defaults, whatever the environment and `.env` say."""
    return Settings.model_construct()


@pytest.fixture
def public_data(tmp_path: Path) -> Path:
    """A folder with one SQuAD 2.0 article of two paragraphs and two corpora of the chunking evaluation."""
    folder = tmp_path / "public"
    (folder / "chunking_eval").mkdir(parents=True)
    article = {
        "title": "Sea_otter",
        "paragraphs": [
            {"context": OTTERS, "qas": [_asked("q1", "What do sea otters eat?"), _asked("q2", "Why?", answered=False)]},
            {"context": BRIDGE, "qas": [_asked("q3", "How long is the bridge?")]},
        ],
    }
    with gzip.open(folder / "squad2_tiny.jsonl.gz", "wt") as lines:
        lines.write(json.dumps(article) + "\n")
    (folder / "chunking_eval" / "animals.md").write_bytes(f"{OTTERS}\r\n\r\n{BREAD}".encode())
    (folder / "chunking_eval" / "works.md").write_text(BRIDGE)
    with (folder / "chunking_eval" / "questions_df.csv").open("w", newline="") as table:
        rows = csv.writer(table)
        rows.writerow(["question", "references", "corpus_id"])
        start = len(OTTERS) + 4
        for question, corpus, first, last in (
            ("What does rye bread need?", "animals", start, start + 31),
            ("How long is the bridge?", "works", 33, 55),
        ):
            references = [{"content": "not read", "start_index": first, "end_index": last}]
            rows.writerow([question, json.dumps(references), corpus])
    return folder


@pytest.fixture
def fitz_gov(tmp_path: Path) -> Path:
    """A package folder laid out like fitz_gov's: a corpus with its queries, and governance cases."""
    package = tmp_path / "fitz_gov"
    (package / "data" / "corpus").mkdir(parents=True)
    (package / "data" / "queries").mkdir()
    documents = [
        {"id": "bio_001", "title": "Otters", "content": OTTERS},
        {"id": "eng/1", "title": "", "content": BRIDGE},
        {"id": "food_1", "title": "Rye", "content": BREAD},
        {"id": "food_1", "title": "Rye again", "content": f"{BREAD} Every day."},
        {"id": "empty_1", "title": "Empty", "content": " "},
    ]
    (package / "data" / "corpus" / "documents.jsonl").write_text("\n".join(map(json.dumps, documents)))
    mappings = {
        "abstention": {"a1": {"query": "Who is Tesla?", "relevant_docs": ["bio_001"]}},
        "grounding": {
            "g1": {"query": "What do otters eat?", "relevant_docs": ["bio_001"]},
            "g2": {"query": "How long is the bridge?", "relevant_docs": ["eng/1", "empty_1"]},
            "g3": {"query": "What is rye?", "relevant_docs": ["food_1"]},
            "g4": {"query": "What is not there?", "relevant_docs": []},
        },
    }
    (package / "data" / "queries" / "query_mappings.json").write_text(json.dumps({"mappings": mappings}))
    (package / "data" / "tier1_core").mkdir()
    for category, mode, asked in _GOVERNANCE:
        cases = [
            {"id": case_id, "query": question, "contexts": contexts, "expected_mode": mode}
            for case_id, question, contexts in asked
        ]
        (package / "data" / "tier1_core" / f"{category}.json").write_text(json.dumps({"cases": cases}))
    return package


_TALL = "The bridge is 134 metres tall. It carries eight lanes of traffic."
_DIET = [OTTERS, "Urchins and clams are what sea otters eat.", "Otters dive for clams."]
_LENGTHS = [BRIDGE, "The bridge is 530 metres long. It opened on 3 May 1932."]
_GOVERNANCE = (  # one context to be abstained from, two that dispute each other, three that can be trusted
    (
        "abstention",
        "abstain",
        [
            ("abstain_1", "Who painted the Mona Lisa?", [BREAD]),  # even
            ("abstain_2", "Which volcano erupted in Iceland?", [OTTERS]),  # even
            ("abstain_3", "When was Napoleon crowned?", [_TALL]),
            ("abstain_5", "What do sea otters eat?", [BREAD]),
        ],
    ),
    (
        "dispute",
        "disputed",
        [
            ("dispute_1", "How long is the bridge?", _LENGTHS),  # even
            ("dispute_2", "How long is the bridge?", _LENGTHS),
        ],
    ),
    (
        "trustworthy_direct",
        "trustworthy",
        [
            ("direct_3", "What do sea otters eat?", _DIET),  # even
            ("direct_1", "What do sea otters eat?", _DIET),
        ],
    ),
    ("trustworthy_hedged", "trustworthy", [("hedged_1", "What do sea otters eat?", _DIET)]),
    ("grounding", "trustworthy", [("grounding_1", "What is rye?", [BREAD])]),
)


def _asked(question_id: str, question: str, *, answered: bool = True) -> dict[str, object]:
    return {"id": question_id, "question": question, "answers": [], "is_impossible": not answered}


MakeRun = Callable[..., Run]


def _cites(text: str) -> dict[str, Any]:
    """An answer of one sentence, a quote of BRIDGE that is cited exactly."""
    start = BRIDGE.index(text)
    citation = {"marker": 1, "document_id": "d", "source": "bridge.txt", "title": None, "published": None}
    return {
        "question": "?",
        "verdict": "answered",
        "reason": None,
        "text": f"{text} [1]",
        "sentences": [{"text": text, "citations": [1], "support": 1.0}],
        "citations": [{**citation, "version": "v", "start": start, "end": start + len(text), "quote": text}],
        "passages": [],
        "model": "extractive",
        "degraded": False,
        "usage": {"prompt_tokens": 0, "completion_tokens": 0},
        "timings_ms": {},
        "conversation_id": None,
    }


def _abstains() -> dict[str, Any]:
    said_nothing = {"verdict": "abstained", "reason": "no_evidence", "text": "", "sentences": [], "citations": []}
    return {**_cites(BRIDGE), **said_nothing}


@pytest.fixture
def bridge_cases() -> list[GoldCase]:
    """Forty questions about the bridge's length, thirty of which BRIDGE answers."""
    length = AnswerPoint("503 metres", ("503 metres",))
    proof = Evidence((QuoteRef("bridge.txt", "It is 503 metres long."),))
    return [
        GoldCase(f"long-{number}", f"How long is the bridge, {number}?", "number", "answered", (length,), (proof,))
        for number in range(30)
    ] + [
        GoldCase(f"tall-{number}", f"How tall is the bridge, {number}?", "unanswerable_near_miss", "abstained")
        for number in range(10)
    ]


@pytest.fixture
def make_run(tmp_path: Path, bridge_cases: list[GoldCase]) -> MakeRun:
    """A run over `bridge_cases` that is right everywhere but where `changed` (id -> answer, None: failed) says."""

    def make(name: str, changed: Mapping[str, Mapping[str, Any] | None] | None = None) -> Run:
        right = {case.id: _cites("It is 503 metres long.") for case in bridge_cases[:30]}
        answers = {**right, **{case.id: _abstains() for case in bridge_cases[30:]}, **(changed or {})}
        results = [
            CaseResult(case_id, answer, None if answer else "TimeoutError: too slow", 0.1)
            for case_id, answer in answers.items()
        ]
        info = RunInfo(name, name, "2026-01-01T00:00:00+00:00", "attest", {}, "set.jsonl", "sha256:0")
        return Run(tmp_path / name, info, results, {"bridge.txt": CorpusDocument("bridge.txt", BRIDGE)})

    return make
