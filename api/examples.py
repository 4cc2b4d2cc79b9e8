"""A corpus in, a few questions that it answers out: made from what its documents say, and kept only if tried.

They are found once for each generation of the index, in the background, without the language model.
"""

import asyncio
import logging
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from itertools import chain, islice, zip_longest
from pathlib import Path

from fastapi import FastAPI

from rag.answering.extractive import MODEL
from rag.bootstrap import open_chatbot
from rag.chatbot import Chatbot
from rag.corpora import Corpora
from rag.dates import find_dates
from rag.errors import AttestError
from rag.index.generations import Generations
from rag.settings import Settings
from rag.text import split_sentences
from rag.types import Answer, DateSpan

MOST = 4

_WAIT_SECONDS = 1.0  # that a request spends on questions still being found
_MOST_TRIED = 24
_MOST_DOCUMENTS = 40
_MOST_CHARS = 20_000  # of a document that are read
_LEAST_CONFIDENCE = 0.7
_LONGEST_NAME_WORDS = 5
_NO_DAY = DateSpan(date(9999, 12, 31), date(9999, 12, 31))

_NAME = r"(?:[A-Z][\w’'-]*[a-z][\w’'-]*)(?: (?:of |for |the |de |van )?[A-Z][\w’'-]*)+"
_SAID = re.compile(rf"(?P<name>(?:[Tt]he )?{_NAME}) (?:said|announced|argued|claimed|stated|warned|told|urged)\b")
_DONE_TO = re.compile(rf"^(?P<name>(?:The )?{_NAME}) (?P<be>was|were) (?P<done>\w+ed|built|held|made|won|sold)\b")

_log = logging.getLogger("attest.api")


class Examples:
    """The examples of all corpora of one application."""

    def __init__(self, corpora: Corpora, settings: Settings) -> None:
        self._corpora = corpora
        self._settings = settings.model_copy(update={"chat_model": MODEL})
        self._found: dict[str, tuple[int, list[str], asyncio.Task[None]]] = {}  # by corpus, of its last generation

    async def questions(self, corpus: str) -> list[str]:
        """Those of the live generation that are found so far; at most MOST, none where nothing is indexed."""
        folder = self._corpora.folder(corpus)
        generation = Generations(folder).current()
        if generation is None:
            return []
        known = self._found.get(corpus)
        if known is None or known[0] != generation:
            found = list[str]()
            finding = asyncio.create_task(asyncio.to_thread(self._find, folder, found))
            known = self._found[corpus] = generation, found, finding
        await asyncio.wait({known[2]}, timeout=_WAIT_SECONDS)
        return list(known[1])

    def _find(self, folder: Path, found: list[str]) -> None:
        """Adds questions to `found` one by one."""
        try:
            with closing(open_chatbot(folder, settings=self._settings)) as chatbot:
                for question in islice(find_examples(chatbot), MOST):
                    found.append(question)
        except AttestError as error:
            _log.warning("no examples were made: %s", error)


def examples_of(app: FastAPI) -> Examples:
    """The application's, begun when first asked for."""
    if not hasattr(app.state, "examples"):
        app.state.examples = Examples(app.state.corpora, app.state.settings)
    examples: Examples = app.state.examples
    return examples


def find_examples(chatbot: Chatbot) -> Iterator[str]:
    """Questions that are answered with confidence and to the point, each otherwise; of all documents by turns."""
    documents = [listed.info.document_id for listed in chatbot.documents(limit=_MOST_DOCUMENTS)]
    made = [_candidates(chatbot, document_id, number) for number, document_id in enumerate(documents)]
    candidates = dict(filter(None, chain.from_iterable(zip_longest(*made))))
    said = set[tuple[str, int]]()
    for question, point in islice(candidates.items(), _MOST_TRIED):
        answer = chatbot.ask(question)
        if not _is_to_the_point(answer, point):
            continue
        first = answer.citations[0].document_id, answer.citations[0].start
        if first not in said:
            said.add(first)
            yield question


def _candidates(chatbot: Chatbot, document_id: str, number: int) -> list[tuple[str, str]]:
    """Questions about a document, each with what the answer must say; documents that follow each other begin with
    another kind."""
    document = chatbot.document(document_id)
    if document is None:  # gone since it was listed
        return []
    text = document.text[document.body_start : document.body_start + _MOST_CHARS]
    sentences = [" ".join(text[span.start : span.end].split()) for span in split_sentences(text)]
    kinds = [list(chain.from_iterable(map(made_of, sentences))) for made_of in (_of_saying, _of_days, _of_deed)]
    first = number % len(kinds)
    by_turns = chain.from_iterable(zip_longest(*kinds[first:], *kinds[:first]))
    return [candidate for candidate in by_turns if candidate is not None]


def _of_saying(sentence: str) -> Iterator[tuple[str, str]]:
    said = _SAID.search(sentence)
    if said and _is_short(said["name"]):
        yield f"What did {_inside(said['name'])} say?", _bare(said["name"])


def _of_days(sentence: str) -> Iterator[tuple[str, str]]:
    """Of days said in full: those counted from the day of writing mean nothing to who has not read the text."""
    for one in find_dates(sentence, _NO_DAY):
        if one.when.is_day and one.basis == "said":
            day = one.when.first
            yield f"What happened on {day.day} {day:%B} {day.year}?", sentence


def _of_deed(sentence: str) -> Iterator[tuple[str, str]]:
    deed = _DONE_TO.search(sentence)
    if deed and _is_short(deed["name"]):
        yield f"When {deed['be']} {_inside(deed['name'])} {deed['done']}?", _bare(deed["name"])


def _inside(name: str) -> str:
    return re.sub("^The ", "the ", name)


def _bare(name: str) -> str:
    return re.sub("^[Tt]he ", "", name)


def _is_short(name: str) -> bool:
    return len(name.split()) <= _LONGEST_NAME_WORDS


def _is_to_the_point(answer: Answer, point: str) -> bool:
    """Whether what is cited first says it: a document may speak of much else on the same page."""
    return (
        answer.verdict == "answered"
        and (answer.confidence or 0.0) >= _LEAST_CONFIDENCE
        and point in " ".join(answer.citations[0].quote.split())
    )
