"""A `RetrievalSet` in, figures of the real engine over it out: files, a sync, and the searches that `attest` runs."""

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from eval.metrics import (
    Figure,
    SourceSpan,
    char_scores,
    figure,
    first_rank,
    hit,
    reciprocal_rank,
    within_budget,
)
from eval.public_sets import RetrievalQuestion, RetrievalSet, SourceText
from rag.bootstrap import open_chatbot, open_synchroniser
from rag.chatbot import Chatbot
from rag.corpus.loading import SIDECAR
from rag.errors import IndexBusyError, StoreError
from rag.progress import Bars, Update, nobody, silent
from rag.questions import parse_question
from rag.settings import Settings
from rag.types import Hit

PASSAGES = 20
"""Asked of each search: enough for ten distinct documents and for the budget."""
BUDGET_CHARACTERS = 4_000
"""Of passages a question, as in the chunking evaluation: five of about 800."""


@dataclass(frozen=True, slots=True)
class _Found:
    question: RetrievalQuestion
    hits: Sequence[Hit]
    milliseconds: float


def evaluate(
    data: RetrievalSet,
    folder: Path,
    *,
    settings: Settings,
    limit: int | None = None,
    rebuild: bool = False,
    bars: Bars = silent,
) -> dict[str, Figure]:
    """Figures by name. The corpus and its index are kept in `folder`, so that a second run asks at once.

    `limit` takes a seeded sample of that many questions; the corpus stays whole, so figures stay comparable.
    """
    index_corpus(data.documents, folder, settings=settings, rebuild=rebuild, progress=bars(f"Indexing {data.name}"))
    questions = sample(data.questions, limit)
    chatbot = open_chatbot(folder / "index", settings=settings)
    try:
        if data.name == "chunking":
            own = _search_all(chatbot, questions, bars("Asking chunking, own corpus"), filtered=True)
            every = _search_all(chatbot, questions, bars("Asking chunking, all corpora"))
            return _span_figures(own) | {f"all_{name}": value for name, value in _span_figures(every).items()}
        return _document_figures(_search_all(chatbot, questions, bars(f"Asking {data.name}")), _copies(data.documents))
    finally:
        chatbot.close()


def index_corpus(
    documents: Iterable[SourceText],
    folder: Path,
    *,
    settings: Settings,
    rebuild: bool = False,
    progress: Update = nobody,
) -> None:
    """Writes `documents` to `folder/corpus` and syncs `folder/index` with it; what is there already is left alone."""
    write_corpus(documents, folder / "corpus")
    synchroniser = open_synchroniser(folder / "index", settings=settings)
    try:
        synchroniser.sync([folder / "corpus"], rebuild=rebuild, progress=progress)
        _open_once(folder / "index", settings)
    except IndexBusyError:
        raise
    except StoreError:  # made by another version, or damaged; here that is only a cache
        synchroniser.sync([folder / "corpus"], rebuild=True, progress=progress)


def _open_once(data_dir: Path, settings: Settings) -> None:
    chatbot = open_chatbot(data_dir, settings=settings)
    try:
        chatbot.is_ready()
    finally:
        chatbot.close()


def write_corpus(documents: Iterable[SourceText], folder: Path) -> None:
    """Makes `folder` hold exactly these texts, with a `corpus.toml` for the titles."""
    contents = {folder / document.source: document.text.encode() for document in documents}
    # A JSON string is a TOML basic string too, but for DEL, which TOML wants escaped.
    entries = [
        f"[documents.{_quoted(document.source)}]\ntitle = {_quoted(document.title)}\n"
        for document in documents
        if document.title
    ]
    if entries:
        contents[folder / SIDECAR] = "".join(entries).encode()
    for path in folder.rglob("*") if folder.is_dir() else ():
        if path.is_file() and path not in contents:
            path.unlink()
    for path, content in contents.items():
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def sample(questions: Sequence[RetrievalQuestion], limit: int | None) -> Sequence[RetrievalQuestion]:
    """At most `limit` of them, chosen by a fixed seed, in their order."""
    if limit is None or limit >= len(questions):
        return questions
    chosen = random.Random(0).sample(range(len(questions)), limit)  # noqa: S311 - a sample, not a secret
    return [questions[number] for number in sorted(chosen)]


def _document_figures(found: Sequence[_Found], copies: dict[str, frozenset[str]]) -> dict[str, Figure]:
    """Ranks are of distinct documents, in the order of their best passages, unless a name says otherwise.

    The engine shows one of several near-copies, so a document of exactly a right one's text counts as right. `…_by_id`
    wants the very document that the label names; `…_passages` ranks passages, of which a document may have several.
    """
    ranks, id_ranks, passage_ranks = [], [], []
    for item in found:
        relevant = item.question.relevant
        same = {copy for source in relevant for copy in copies[source]}
        passages = [hit.document.source for hit in item.hits]
        documents = list(dict.fromkeys(passages))
        ranks.append(first_rank(documents, same))
        id_ranks.append(first_rank(documents, relevant))
        passage_ranks.append(first_rank(passages, same))
    figures = {
        "hit@1": figure([hit(rank, at=1) for rank in ranks]),
        "hit@5": figure([hit(rank, at=5) for rank in ranks]),
        "mrr@10": figure([reciprocal_rank(rank, at=10) for rank in ranks]),
        "hit@5_passages": figure([hit(rank, at=5) for rank in passage_ranks]),
    }
    if any(len(same) > 1 for same in copies.values()):
        figures["hit@5_by_id"] = figure([hit(rank, at=5) for rank in id_ranks])
    return figures | {"search_ms_p50": _latency(found)}


def _span_figures(found: Sequence[_Found]) -> dict[str, Figure]:
    ranked = [[SourceSpan(hit.document.source, hit.start, hit.end) for hit in item.hits] for item in found]
    scores = [
        char_scores(within_budget(spans, characters=BUDGET_CHARACTERS), item.question.spans)
        for spans, item in zip(ranked, found, strict=True)
    ]
    first_five = [char_scores(spans[:5], item.question.spans) for spans, item in zip(ranked, found, strict=True)]
    return {
        "recall": figure([score.recall for score in scores]),
        "precision": figure([score.precision for score in scores]),
        "iou": figure([score.iou for score in scores]),
        "recall_first_5": figure([score.recall for score in first_five]),
        "passage_characters": figure([span.end - span.start for spans in ranked for span in spans[:5]]),
        "search_ms_p50": _latency(found),
    }


def _search_all(
    chatbot: Chatbot, questions: Sequence[RetrievalQuestion], progress: Update, *, filtered: bool = False
) -> list[_Found]:
    """`filtered` tells each search the one document that the question is about."""
    chatbot.search(parse_question("a first question opens the index"), limit=1)
    found = []
    for number, question in enumerate(questions, start=1):
        asked = parse_question(question.text)
        if filtered:
            (source,) = question.relevant
            asked = replace(asked, source=source)
        started = perf_counter()
        hits = chatbot.search(asked, limit=PASSAGES)
        found.append(_Found(question, hits, 1_000 * (perf_counter() - started)))
        progress(number, len(questions))
    return found


def _latency(found: Iterable[_Found]) -> Figure:
    return figure([item.milliseconds for item in found], statistic="median")


def _copies(documents: Iterable[SourceText]) -> dict[str, frozenset[str]]:
    """Each source's documents of exactly its text, itself among them: such a copy proves as much."""
    by_text: dict[str, list[str]] = {}
    for document in documents:
        by_text.setdefault(document.text, []).append(document.source)
    return {source: frozenset(sources) for sources in by_text.values() for source in sources}


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
