"""Public data sets in their published formats in, one `RetrievalSet` out: documents, questions and what answers them.

fitz-gov    the PyPI package of that name: cases that name the documents of its corpus that answer them
squad2      DIR/squad2_*.jsonl or .jsonl.gz: the `data` entries of SQuAD 2.0, one article a line
chunking    DIR/chunking_eval/: questions_df.csv and a Markdown file a corpus, of brandonstarxel/chunking_evaluation
"""

import csv
import hashlib
import json
import random
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from eval.json_lines import read_lines
from eval.metrics import SourceSpan
from rag.errors import ConfigurationError

SetName = Literal["fitz-gov", "squad2", "chunking"]
Half = Literal["odd", "even", "all"]


@dataclass(frozen=True, slots=True)
class SourceText:
    """A document to write to a folder: its path there, its text, and the title its sidecar gives it."""

    source: str
    text: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class RetrievalQuestion:
    """A question, the sources any of which is right, and, where the data say so, the characters that answer it."""

    question_id: str
    text: str
    relevant: frozenset[str]
    spans: tuple[SourceSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class SquadQuestion:
    """A question of SQuAD 2.0 asked of the paragraph `source` of `article`; `answers` are the annotators' spans."""

    question_id: str
    text: str
    article: str
    source: str
    answerable: bool
    answers: tuple[SourceSpan, ...]


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    name: SetName
    documents: tuple[SourceText, ...]
    questions: tuple[RetrievalQuestion, ...]


def load_set(name: SetName, data: Path | None, *, half: Half = "odd") -> RetrievalSet:
    """`data` is the folder that holds the public files; fitz-gov needs none, and `half` is of its questions.

    Raises:
        ConfigurationError: the data are not there; the message says where to get them.
    """
    if name == "fitz-gov":
        return load_fitz_gov(half=half)
    if data is None:
        raise ConfigurationError(f"{name} is read from a folder; give it with --data DIR, or ask for --set fitz-gov.")
    return load_squad2(data) if name == "squad2" else load_chunking(data)


def load_fitz_gov(package: Path | None = None, *, half: Half = "odd") -> RetrievalSet:
    """The corpus and the questions of fitz-gov that name relevant documents, abstention cases aside.

    Documents without text are left out. Nineteen ids name two documents each: both are then right. `half` is by the
    parity of the SHA-256 of the case's id: the even half is for tuning, the odd one for reporting.
    """
    data = (package or fitz_gov_package()) / "data"
    documents, by_id = [], dict[str, list[str]]()
    for entry in read_lines(data / "corpus" / "documents.jsonl", dict[str, Any]):
        if not entry["content"].strip():
            continue
        sources = by_id.setdefault(entry["id"], [])
        sources.append(f"{_file_name(entry['id'])}{f'~{len(sources) + 1}' if sources else ''}.txt")
        documents.append(SourceText(sources[-1], entry["content"], entry.get("title") or None))
    mappings = json.loads((data / "queries" / "query_mappings.json").read_text(encoding="utf-8"))["mappings"]
    questions = [
        RetrievalQuestion(case_id, case["query"], frozenset(relevant))
        for category, cases in mappings.items()
        if category != "abstention"
        for case_id, case in cases.items()
        if half in ("all", parity(case_id))
        and (relevant := [source for document in case["relevant_docs"] for source in by_id.get(document, ())])
    ]
    return RetrievalSet("fitz-gov", tuple(documents), tuple(questions))


def load_squad2(folder: Path) -> RetrievalSet:
    """Each paragraph a document titled by its article; the questions are those that their paragraph answers."""
    files = sorted(path for path in folder.glob("squad2_*") if path.name.endswith((".jsonl", ".jsonl.gz")))
    if not files:
        raise ConfigurationError(
            f"{folder} has no squad2_*.jsonl or squad2_*.jsonl.gz. Write the entries of `data` of SQuAD 2.0's "
            "dev-v2.0.json to one, a line each."
        )
    read = [read_squad2(path) for path in files]
    return RetrievalSet(
        "squad2",
        tuple(document for documents, _ in read for document in documents),
        tuple(
            RetrievalQuestion(asked.question_id, asked.text, frozenset([asked.source]))
            for _, questions in read
            for asked in questions
            if asked.answerable
        ),
    )


def read_squad2(path: Path) -> tuple[list[SourceText], list[SquadQuestion]]:
    """A file's paragraphs, each a document titled by its article, and all its questions.

    Raises:
        ConfigurationError: a line is not an article of SQuAD 2.0; the message names it.
    """
    articles = read_lines(path, _squad_article)
    return [one for documents, _ in articles for one in documents], [one for _, asked in articles for one in asked]


def load_chunking(folder: Path) -> RetrievalSet:
    """Five corpora of one document each; a question's answer is the character spans that the data name."""
    folder = folder / "chunking_eval"
    table = folder / "questions_df.csv"
    if not table.is_file():
        raise ConfigurationError(
            f"{table} is missing. Copy questions_df.csv and the corpora (*.md) of "
            "github.com/brandonstarxel/chunking_evaluation to its folder."
        )
    documents = [_verbatim(path) for path in sorted(folder.glob("*.md"))]
    known = {document.source for document in documents}
    questions = []
    with table.open(encoding="utf-8", newline="") as rows:
        for number, row in enumerate(csv.DictReader(rows)):
            source = f"{row['corpus_id']}.md"
            if source not in known:
                raise ConfigurationError(f"{table} asks about {source}, which is not in {folder}. Copy it there.")
            spans = tuple(
                SourceSpan(source, reference["start_index"], reference["end_index"])
                for reference in json.loads(row["references"])
            )
            questions.append(RetrievalQuestion(str(number), row["question"], frozenset([source]), spans))
    return RetrievalSet("chunking", tuple(documents), tuple(questions))


def shrink(data: RetrievalSet, *, documents: int) -> RetrievalSet:
    """At most so many documents and the questions whose right ones are all among them, by a fixed seed.

    Questions are drawn with what is right for them until half is taken; documents drawn from the rest fill up.
    """
    generator = random.Random(0)  # noqa: S311 - a sample, not a secret
    kept: set[str] = set()
    for question in generator.sample(data.questions, len(data.questions)):
        if len(kept | question.relevant) <= documents / 2:
            kept |= question.relevant
    others = [document.source for document in data.documents if document.source not in kept]
    kept |= set(generator.sample(others, min(len(others), documents - len(kept))))
    return RetrievalSet(
        data.name,
        tuple(document for document in data.documents if document.source in kept),
        tuple(question for question in data.questions if question.relevant <= kept),
    )


def parity(case_id: str) -> Half:
    return "odd" if int(hashlib.sha256(case_id.encode()).hexdigest(), 16) % 2 else "even"


def fitz_gov_is_installed() -> bool:
    return find_spec("fitz_gov") is not None


def _squad_article(record: dict[str, Any]) -> tuple[list[SourceText], list[SquadQuestion]]:
    title, documents, questions = record["title"], [], []
    for number, paragraph in enumerate(record["paragraphs"]):
        source = f"{_file_name(title)}/{number:03}.txt"
        documents.append(SourceText(source, paragraph["context"], title.replace("_", " ")))
        questions += [
            SquadQuestion(
                question_id=asked["id"],
                text=asked["question"],
                article=title,
                source=source,
                answerable=not asked["is_impossible"],
                answers=tuple(
                    SourceSpan(source, answer["answer_start"], answer["answer_start"] + len(answer["text"]))
                    for answer in asked["answers"]
                ),
            )
            for asked in paragraph["qas"]
        ]
    return documents, questions


def fitz_gov_package() -> Path:
    package = find_spec("fitz_gov")
    if package is None or package.origin is None:
        raise ConfigurationError('fitz-gov is not installed. Run: pip install ".[eval]"')
    return Path(package.origin).parent


def _verbatim(path: Path) -> SourceText:
    """Decoded and otherwise untouched: translated line ends would move the spans."""
    return SourceText(path.name, path.read_bytes().decode("utf-8"))


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name)
