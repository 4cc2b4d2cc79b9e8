"""Questions over an index in; how many false sentences of a model the engine catches, and true ones it drops, out.

The real engine answers with a scripted model (`eval.scripted_model`) that slips one false sentence into each answer.
Beside that, sentences written by hand as a fluent model puts things, and faults made of them, go to the verifier alone,
with whole documents for passages. The verifier was tuned on the `tune` halves; the `test` halves are for reporting.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

from eval.cases import Split, load_cases, split_of
from eval.fault_sentences import FAULT_KINDS, FaultKind, is_said, make_fault, names_in
from eval.json_lines import read_lines
from eval.metrics import Figure, percentile, wilson
from eval.results import CorpusDocument
from eval.scripted_model import ScriptedModel, Written
from rag.answering.filtering import plain_text
from rag.answering.generation.prompts import NumberedPassage
from rag.answering.generation.verifying import Verifier
from rag.bootstrap import make_investigator
from rag.chatbot import Chatbot
from rag.index.reader import IndexReader
from rag.progress import Bars, silent
from rag.settings import Settings
from rag.text import is_statement, split_sentences
from rag.types import Answer, Citation, DocumentInfo, SentenceHit

MODEL_SENTENCES = Path(__file__).parent / "data" / "model_sentences.jsonl"
_DRAWS = 2  # faults of a kind made of one sentence written by hand

Share = list[tuple[str, float]]
"""Of each thing counted the question or sentence that it is from, and 1 or 0."""


@dataclass(slots=True)
class Tally:
    """What became of sentences: 1 for each fault caught, each true sentence dropped and each citation that is exact.

    `mistakes` are the false sentences that were said and the true ones that were dropped. `milliseconds` are of the
    engine's work on a sentence.
    """

    caught: dict[FaultKind, Share] = field(default_factory=lambda: {kind: [] for kind in FAULT_KINDS})
    dropped: Share = field(default_factory=list)
    exact: Share = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)

    def add(self, asked: str, written: Written, *, said: bool) -> None:
        share = self.caught[written.fault] if written.fault else self.dropped
        share.append((asked, float(not said)))
        if said == (written.fault is not None):
            self.mistakes.append(f"{written.fault or 'true_dropped'}: {written.text}")

    def figures(self) -> dict[str, Figure]:
        """The shares of faults caught, by kind, of true sentences dropped and of exact citations."""
        caught = {f"caught_{kind}": share for kind, share in self.caught.items()}
        shares = caught | {"true_dropped": self.dropped, "citation_exact": self.exact}
        return {name: _figure(share) for name, share in shares.items()}

    def times(self) -> dict[str, float | None]:
        """Of buffering, verifying and proving one sentence in the engine, what an answer waits for beside its model."""
        return {f"sentence_ms_p{at}": percentile(self.milliseconds, at=at) for at in (50, 95)}


def ask_all(
    index: Path,
    questions: Sequence[str],
    texts: Mapping[str, str],
    *,
    settings: Settings,
    seed: int = 0,
    bars: Bars = silent,
    name: str = "",
) -> Tally:
    """Every question once for each kind of fault; where the engine does not ask its model, no sentence is counted.

    `texts` are the documents' by source: citations are held against them.
    """
    tally, investigator = Tally(), make_investigator(settings)
    progress, done = bars(f"Asking {name}"), 0
    for kind in FAULT_KINDS:
        model = ScriptedModel(kind, seed=seed)
        reader = IndexReader(index, embedding_model=investigator.embedder.name)
        chatbot = Chatbot(reader=reader, investigator=investigator, model=model)
        try:
            for question in questions:
                answer = chatbot.ask(question)
                told = model.told()
                for written in told.sentences:
                    tally.add(question, written, said=_is_shown(written, answer))
                tally.exact += [(question, float(_is_exact(citation, texts))) for citation in answer.citations]
                tally.milliseconds += told.milliseconds
                done += 1
                progress(done, len(FAULT_KINDS) * len(questions))
        finally:
            chatbot.close()
    return tally


def check_model_sentences(corpus: Sequence[CorpusDocument], *, split: Split | None, seed: int = 0) -> Tally:
    """Those written by hand about documents of `corpus`, and what faults make of them, against all of its text."""
    tally, passages = Tally(), _as_passages(corpus)
    numbers = {passage.document.source: passage.number for passage in passages}
    written = [one for one in read_lines(MODEL_SENTENCES, _source_and_text) if one[0] in numbers]
    true = [text for _, text in written] + [one.text for passage in passages for one in passage.sentences]
    names = sorted({name for _, text in written for name in names_in(text)})
    for source, text in written:
        if split is not None and half_of(text) != split:
            continue
        faults = [
            Written("", said, kind)
            for kind in FAULT_KINDS
            for draw in range(_DRAWS)
            for said in [make_fault(kind, text, names=names, drawn=_draws(f"{seed} {kind} {draw} {text}"))]
            if said is not None and not is_said(said, true)
        ]
        for one in (Written("", text), *dict.fromkeys(faults)):
            checked = Verifier(passages).check(f"{one.text.rstrip('.')} [{numbers[source]}].")
            tally.add(text, one, said=checked.draft is not None)
    return tally


def gold_questions(path: Path, *, split: Split | None) -> list[str]:
    """The questions of a gold set that need no conversation."""
    return [
        case.question for case in load_cases(path) if not case.history and (split is None or split_of(case.id) == split)
    ]


def statements(corpus: Sequence[CorpusDocument]) -> list[str]:
    """What the documents say, sentence by sentence: asked as it stands where a corpus has no questions."""
    return [
        said
        for document in corpus
        for span in split_sentences(document.text)
        for said in [document.text[span.start : span.end]]
        if is_statement(said)
    ]


def half_of(text: str) -> Split:
    """The half a sentence written by hand belongs to: tune for an even CRC-32 of its text."""
    return "test" if crc32(text.encode()) % 2 else "tune"


def _is_shown(written: Written, answer: Answer) -> bool:
    """Whether a reader is told it; a degraded answer is the documents' own words."""
    said = " ".join(sentence.text for sentence in answer.sentences)
    return not answer.degraded and plain_text(written.text) in said


def _is_exact(citation: Citation, texts: Mapping[str, str]) -> bool:
    return citation.quote != "" and texts[citation.source][citation.start : citation.end] == citation.quote


def _figure(share: Share) -> Figure:
    """The share, with an interval that counts one trial a question: its sentences are not independent."""
    if not share:
        return Figure(None, None, None, 0)
    value, trials = sum(one for _, one in share) / len(share), len({asked for asked, _ in share})
    return Figure(value, *wilson(value, trials), len(share))


def _as_passages(corpus: Sequence[CorpusDocument]) -> list[NumberedPassage]:
    return [
        NumberedPassage(
            number,
            DocumentInfo(
                document_id=one.source,
                source=one.source,
                version="",
                title=one.title,
                publisher=one.publisher,
                published=one.published,
            ),
            tuple(
                SentenceHit(span.start, span.end, one.text[span.start : span.end], 0.0)
                for span in split_sentences(one.text)
            ),
        )
        for number, one in enumerate(corpus, start=1)
    ]


def _source_and_text(record: Mapping[str, Any]) -> tuple[str, str]:
    return str(record["source"]), str(record["text"])


def _draws(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 - a draw, not a secret
