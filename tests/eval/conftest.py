"""Tiny data sets in the published formats."""

import csv
import gzip
import json
from pathlib import Path

import pytest

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
    """A package folder laid out like fitz_gov's."""
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
    return package


def _asked(question_id: str, question: str, *, answered: bool = True) -> dict[str, object]:
    return {"id": question_id, "question": question, "answers": [], "is_impossible": not answered}
