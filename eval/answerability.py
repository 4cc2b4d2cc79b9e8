"""A labelled set of questions in, how well the engine selects what answers and knows when nothing does out.

The corpus is open: every paragraph or context of the file is indexed, and every question searches them all.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from eval.agreement import Sample, auc, measured
from eval.labelled_sets import draw, load_turns
from eval.metrics import Figure, SourceSpan, figure
from eval.public_sets import SourceText, SquadQuestion, read_squad2
from eval.retrieval import index_corpus
from rag.answering.investigation import Investigation, Investigator
from rag.answering.ranking import Scored, rank
from rag.bootstrap import make_investigator
from rag.chatbot import Chatbot
from rag.index.reader import Index, IndexReader
from rag.progress import Bars, silent
from rag.protocols import Reader
from rag.query import Query, prepare_query
from rag.questions import parse_question
from rag.retrieval import retrieve
from rag.settings import Settings
from rag.types import Answer, Hit

DEEP = 60
"""Passages searched when an article's own are to be left out afterwards: more than the longest article would take."""
DIGITS = 9
"""Kept of a confidence: the engine sums the words of a question in the order of a set, so the last bits of equal
confidences differ between processes."""
TODAY = date(2026, 1, 1)
"""When these questions are asked, so that a run does not depend on the day of running."""
NOTHING = float("-inf")
"""The confidence where no passage was found at all."""


@dataclass(frozen=True, slots=True)
class View:
    """What the engine makes of a question: the sentences it read, the best first, and how sure it is of them."""

    ranked: Sequence[Scored]
    confidence: float
    relevance: float
    answers: bool


class Probe:
    """The engine over one index, and a look at what it decides from, by its own functions."""

    def __init__(self, reader: IndexReader, investigator: Investigator, chatbot: Chatbot) -> None:
        self._reader = reader
        self._investigator = investigator
        self._chatbot = chatbot

    def ask(self, text: str, *, source: str | None = None) -> Answer:
        return self._chatbot.ask(text, source=source)

    def rank(self, text: str, *, source: str | None = None) -> list[Scored]:
        """The sentences of the passages found, before they are read closely."""
        with self._reader.use() as index:
            assert index is not None  # noqa: S101 - it was just built
            query = prepare_query(parse_question(text, source=source), index, self._investigator.embedder, today=TODAY)
            return rank(query, retrieve(index, query, limit=self._investigator.passages), index.library)

    def rank_without(self, text: str, folder: str) -> list[Scored]:
        """`rank`, as if the documents below `folder` were not there."""
        with self._reader.use() as index:
            assert index is not None  # noqa: S101 - it was just built
            query, hits = self._search_without(text, folder, index)
            return rank(query, hits, index.library)

    def look(self, text: str, *, source: str | None = None) -> View:
        """`source` is a glob over the documents that may answer."""
        return _view(self.investigate(text, source=source))

    def investigate(self, text: str, *, source: str | None = None) -> Investigation:
        with self._reader.use() as index:
            assert index is not None  # noqa: S101 - it was just built
            return self._investigator.investigate(parse_question(text, source=source), index, today=TODAY)

    def look_without(self, text: str, folder: str) -> View:
        """As if the documents below `folder` were not there.

        They are taken out of a deeper search; words' rarity and the best BM25 are still those of the whole corpus.
        """
        return _view(self.investigate_without(text, folder))

    def investigate_without(self, text: str, folder: str) -> Investigation:
        with self._reader.use() as index:
            assert index is not None  # noqa: S101 - it was just built
            query, hits = self._search_without(text, folder, index)
            return self._investigator.weigh(query, hits, index)

    def _search_without(self, text: str, folder: str, index: Index) -> tuple[Query, list[Hit]]:
        query = prepare_query(parse_question(text), index, self._investigator.embedder, today=TODAY)
        hits = retrieve(index, query, limit=DEEP)
        others = [hit for hit in hits if not hit.document.source.startswith(f"{folder}/")]
        return query, others[: self._investigator.passages]


def _view(found: Investigation) -> View:
    return View(
        ranked=found.ranked,
        confidence=found.finding.confidence,
        relevance=round(max((hit.relevance for hit in found.hits), default=NOTHING), DIGITS),
        answers=found.finding.reason is None,
    )


@contextmanager
def open_probe(
    documents: Sequence[SourceText],
    folder: Path,
    *,
    settings: Settings,
    bars: Bars = silent,
    reader: Reader | None = None,
) -> Iterator[Probe]:
    """A probe of these documents, by another `reader` if given; their index is kept in `folder` for the next run."""
    index_corpus(documents, folder, settings=settings, progress=bars(f"Indexing {folder.name}"))
    with probe_index(folder / "index", settings=settings, reader=reader) as probe:
        yield probe


@contextmanager
def probe_index(folder: Path, *, settings: Settings, reader: Reader | None = None) -> Iterator[Probe]:
    """A probe of an index, by another `reader` if given."""
    investigator = make_investigator(settings)
    if reader is not None:
        investigator = replace(investigator, reader=reader)
    index = IndexReader(folder, embedding_model=investigator.embedder.name)
    chatbot = Chatbot(reader=index, investigator=investigator)
    try:
        yield Probe(index, investigator, chatbot)
    finally:
        chatbot.close()


def squad_figures(
    path: Path, cache: Path, *, settings: Settings, limit: int | None = None, bars: Bars = silent
) -> dict[str, Figure]:
    """Selection and verdict on a file of SQuAD 2.0; intervals resample paragraphs.

    gold_in_first, gold_in_first_3   of answerable questions: the best sentence, one of the best three, holds the whole
                                     of an annotator's span
    gold_in_answer                   a sentence cited in the answer does; an abstention does not
    false_answers                    of unanswerable questions: answered
    false_abstentions                of answerable ones: not answered
    answerable_auc_*                 answerable against unanswerable by the engine's confidence, and by the relevance of
                                     the best passage
    out_of_corpus_*                  the answerable questions with their article left out take the unanswerable's place
    """
    documents, every = read_squad2(path)
    questions = draw(every, limit)
    with open_probe(documents, cache, settings=settings, bars=bars) as probe:
        update = bars(f"Asking {path.name}")
        seen, absent = list[View](), list[View]()
        selected: dict[str, list[float]] = {"gold_in_first": [], "gold_in_first_3": [], "gold_in_answer": []}
        answered = []
        for number, asked in enumerate(questions, start=1):
            view, answer = probe.look(asked.text), probe.ask(asked.text)
            seen.append(view)
            answered.append(answer.verdict != "abstained")
            if asked.answerable:
                spoken = [SourceSpan(cited.source, cited.start, cited.end) for cited in answer.citations]
                selected["gold_in_first"].append(_holds(_spans(view.ranked[:1]), asked))
                selected["gold_in_first_3"].append(_holds(_spans(view.ranked[:3]), asked))
                selected["gold_in_answer"].append(_holds(spoken, asked))
                absent.append(probe.look_without(asked.text, asked.source.rpartition("/")[0]))
            update(number, len(questions))
    groups = [asked.source for asked in questions]
    labels = [asked.answerable for asked in questions]
    inside = [(view, group) for view, group, label in zip(seen, groups, labels, strict=True) if label]
    answerable_groups = [group for _, group in inside]
    return {
        **{name: figure(values, clusters=answerable_groups) for name, values in selected.items()},
        **_answers(answered, labels, groups),
        **_aucs("answerable", seen, labels, groups),
        **_aucs(
            "out_of_corpus",
            [*(view for view, _ in inside), *absent],
            [True] * len(inside) + [False] * len(absent),
            answerable_groups * 2,
        ),
        "out_of_corpus_false_answers": figure([float(view.answers) for view in absent], clusters=answerable_groups),
    }


def turn_figures(
    path: Path, cache: Path, *, settings: Settings, limit: int | None = None, bars: Bars = silent
) -> dict[str, Figure]:
    """Verdicts on the last questions of a file of MTRAG-UN; intervals resample conversations.

    As in `squad_figures`, ANSWERABLE against UNANSWERABLE; the other two labels are left out. Each question is asked by
    itself, without its conversation, of all contexts in the file together: unanswerable tasks come with no context of
    their own, so by their own contexts alone they would be told apart perfectly and for nothing.
    """
    tasks = load_turns(path)
    contexts = dict.fromkeys(context for task in tasks for context in task.contexts)
    documents = [SourceText(f"{number:05}.txt", context) for number, context in enumerate(contexts)]
    asked = draw([task for task in tasks if task.answerability in ("ANSWERABLE", "UNANSWERABLE")], limit)
    with open_probe(documents, cache, settings=settings, bars=bars) as probe:
        update = bars(f"Asking {path.name}")
        seen, answered = [], []
        for number, task in enumerate(asked, start=1):
            seen.append(probe.look(task.question))
            answered.append(probe.ask(task.question).verdict != "abstained")
            update(number, len(asked))
    labels, groups = [task.answerability == "ANSWERABLE" for task in asked], [task.group for task in asked]
    return {**_answers(answered, labels, groups), **_aucs("answerable", seen, labels, groups)}


def _answers(answered: Sequence[bool], labels: Sequence[bool], groups: Sequence[str]) -> dict[str, Figure]:
    wrong = {
        name: [
            (float(said != label), group)
            for said, label, group in zip(answered, labels, groups, strict=True)
            if label is of
        ]
        for name, of in (("false_answers", False), ("false_abstentions", True))
    }
    return {
        name: figure([value for value, _ in found], clusters=[group for _, group in found])
        for name, found in wrong.items()
    }


def _aucs(name: str, seen: Sequence[View], labels: Sequence[bool], groups: Sequence[str]) -> dict[str, Figure]:
    return {
        f"{name}_auc_{kind}": measured(auc, Sample.of(values, labels, groups))
        for kind, values in (
            ("confidence", [view.confidence for view in seen]),
            ("relevance", [view.relevance for view in seen]),
        )
    }


def _spans(ranked: Sequence[Scored]) -> list[SourceSpan]:
    return [SourceSpan(one.hit.document.source, one.sentence.start, one.sentence.end) for one in ranked]


def _holds(spans: Sequence[SourceSpan], asked: SquadQuestion) -> float:
    """1 when one of the spans holds one of the answers whole, else 0."""
    return float(
        any(
            span.source == answer.source and span.start <= answer.start and answer.end <= span.end
            for span in spans
            for answer in asked.answers
        )
    )
