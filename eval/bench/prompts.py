"""Documents and questions in; the tokens of our prompts and of whole passages, and what evidence both hold, out.

The other prompt has the same instructions, question and conversation, and the whole text of the ten nearest passages.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from eval.answerability import TODAY
from eval.bench.material import Material
from eval.cases import GoldCase, split_of
from eval.corpora import read_corpus
from eval.labelled_sets import draw
from eval.metrics import Figure, SourceSpan, char_scores, figure, paired_difference
from eval.retrieval import index_corpus
from eval.scorers.evidence import Piece, locate_evidence
from rag.answering.conversation import make_standalone
from rag.answering.generation.prompts import SYSTEM, Prompt, Room, count_message_tokens, write_prompt
from rag.answering.generation.turns import fenced, last_turns
from rag.answering.investigation import Investigator
from rag.answering.parts import split_question
from rag.bootstrap import make_investigator, open_synchroniser
from rag.index.reader import Index, IndexReader
from rag.progress import Bars, Update, silent
from rag.protocols import Message
from rag.query import prepare_query
from rag.questions import parse_question
from rag.retrieval import retrieve
from rag.settings import Settings
from rag.types import Hit, Question

WHOLE_PASSAGES = 10
_HELD = 0.5  # of a quote, as `eval.scorers.evidence` has it


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the conversation before it, and the places of each piece of evidence that its answer needs."""

    id: str
    question: Question
    history: tuple[Message, ...] = ()
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Tokens:
    """Of a prompt."""

    mean: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class PromptSizes:
    """Over the `prompts` that `questions` led to: the others are abstained from without asking a model.

    `ratio` is the mean of ours over theirs, prompt by prompt. `evidence` is the share of needed pieces that ours hold,
    `whole_evidence` that theirs do, `evidence_gap` ours less theirs; intervals resample questions.
    """

    questions: int
    prompts: int
    tokens: Tokens
    whole_tokens: Tokens
    ratio: Figure
    evidence: Figure
    whole_evidence: Figure
    evidence_gap: Figure


@dataclass(frozen=True, slots=True)
class _Pair:
    asked: Asked
    tokens: int
    whole_tokens: int
    shown: Sequence[SourceSpan]
    whole: Sequence[SourceSpan]


def run_gold(
    cases: Sequence[GoldCase], corpus: Path, *, settings: Settings, bars: Bars = silent
) -> dict[str, PromptSizes]:
    """The sizes over a gold set's halves, `tune` and `test`: budgets are chosen on the first alone."""
    documents = {document.source: document for document in read_corpus(corpus)}
    asked = [
        Asked(
            case.id,
            parse_question(case.question, as_of=case.as_of),
            tuple(Message(turn.role, turn.content) for turn in case.history),
            tuple(piece for piece in locate_evidence(case, documents) if piece),
        )
        for case in cases
    ]
    with tempfile.TemporaryDirectory(prefix="attest-bench-") as name:
        open_synchroniser(name, settings=settings).sync([corpus])
        pairs = _ask_all(asked, Path(name), settings, bars("Asking the gold set"))
    return {half: _sizes(pairs, [one for one in asked if split_of(one.id) == half]) for half in ("tune", "test")}


def run(material: Material, *, questions: int, settings: Settings, bars: Bars = silent) -> PromptSizes:
    """The sizes over a fixed sample of so many of the material's questions, which name no evidence."""
    asked = [Asked(text, parse_question(text)) for text in draw(material.questions, questions)]
    with tempfile.TemporaryDirectory(prefix="attest-bench-") as name:
        index_corpus(material.documents, Path(name), settings=settings, progress=bars("Indexing"))
        return _sizes(_ask_all(asked, Path(name) / "index", settings, bars("Asking")), asked)


def _ask_all(asked: Sequence[Asked], data_dir: Path, settings: Settings, progress: Update) -> dict[str, _Pair]:
    """Both prompts by question, for those that are answered."""
    investigator = make_investigator(settings)
    reader = IndexReader(data_dir, embedding_model=investigator.embedder.name)
    pairs: dict[str, _Pair] = {}
    try:
        with reader.use() as index:
            assert index is not None  # noqa: S101 - it was just built
            for number, one in enumerate(asked, start=1):
                if pair := _ask(one, index, investigator):
                    pairs[one.id] = pair
                progress(number, len(asked))
    finally:
        reader.close()
    return pairs


def _ask(asked: Asked, index: Index, investigator: Investigator) -> _Pair | None:
    standalone = replace(asked.question, text=make_standalone(asked.question.text, asked.history).text)
    found = [
        one
        for part in split_question(standalone.text)
        for one in [investigator.investigate(replace(standalone, text=part), index, today=TODAY)]
        if one.finding.reason is None
    ]
    if not found:
        return None
    undisputed = [one for one in found if one.finding.dispute is None]
    agreeing = [candidate for one in undisputed for candidate in investigator.corroborate(one, index)]
    prompt = write_prompt(standalone.text, found, agreeing=agreeing, history=asked.history)
    query = prepare_query(standalone, index, investigator.embedder, today=TODAY)
    hits = retrieve(index, query, limit=WHOLE_PASSAGES)
    return _Pair(
        asked,
        prompt.tokens,
        count_message_tokens(_whole(standalone.text, hits, asked.history)),
        _spans(prompt),
        [SourceSpan(hit.document.source, hit.start, hit.end) for hit in hits],
    )


def _whole(question: str, hits: Sequence[Hit], history: Sequence[Message]) -> list[Message]:
    passages = [f"[{number}] {hit.document.label}\n{hit.text}" for number, hit in enumerate(hits, start=1)]
    lines = [*passages, *fenced("", last_turns(history, Room().history)), f"Question: {question}"]
    return [Message("system", SYSTEM), Message("user", "\n".join(lines))]


def _spans(prompt: Prompt) -> list[SourceSpan]:
    return [
        SourceSpan(passage.document.source, sentence.start, sentence.end)
        for passage in prompt.passages
        for sentence in passage.sentences
    ]


def _sizes(pairs: Mapping[str, _Pair], asked: Sequence[Asked]) -> PromptSizes:
    made = [pairs[one.id] for one in asked if one.id in pairs]
    needed = [(pair, piece) for pair in made for piece in pair.asked.pieces]
    clusters = [pair.asked.id for pair, _ in needed]
    ours = [_holds(pair.shown, piece) for pair, piece in needed]
    theirs = [_holds(pair.whole, piece) for pair, piece in needed]
    return PromptSizes(
        questions=len(asked),
        prompts=len(made),
        tokens=_tokens([pair.tokens for pair in made]),
        whole_tokens=_tokens([pair.whole_tokens for pair in made]),
        ratio=figure([pair.tokens / pair.whole_tokens for pair in made]),
        evidence=figure(ours, clusters=clusters),
        whole_evidence=figure(theirs, clusters=clusters),
        evidence_gap=paired_difference(ours, theirs, clusters=clusters),
    )


def _holds(shown: Sequence[SourceSpan], piece: Piece) -> float:
    return float(any(char_scores(shown, [place]).recall >= _HELD for place in piece))


def _tokens(counts: Sequence[int]) -> Tokens:
    p50, p95 = np.quantile(counts, [0.5, 0.95]) if counts else (0.0, 0.0)
    return Tokens(float(np.mean(counts)) if counts else 0.0, float(p50), float(p95))
