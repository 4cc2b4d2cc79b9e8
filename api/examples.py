"""A corpus in, a few questions that it answers out: made from what its documents say, and kept only if tried.

They are found once for each generation of the index, in the background, without the language model.
"""

import asyncio
import logging
import re
from collections.abc import Iterator, Sequence
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

_WAIT_SECONDS = 2.0  # that a request spends on questions still being found
_MOST_TRIED = 24
_MOST_DOCUMENTS = 40
_MOST_CHARS = 20_000  # of a document that are read
_LEAST_CONFIDENCE = 0.7
_LONGEST_NAME_WORDS = 5
_NO_DAY = DateSpan(date(9999, 12, 31), date(9999, 12, 31))

_NAME = r"(?:[A-Z][\w’'-]*[a-z][\w’'-]*)(?: (?:of |for |the |de |van )?[A-Z][\w’'-]*)+"
_SAID = re.compile(rf"(?P<name>{_NAME}) (?:said|announced|argued|warned|told)\b")
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
    """Questions that are answered with confidence out of the document they were made of; of all documents by turns."""
    documents = [listed.info.document_id for listed in chatbot.documents(limit=_MOST_DOCUMENTS)]
    made = [_candidates(chatbot, document_id, number) for number, document_id in enumerate(documents)]
    candidates = dict(filter(None, chain.from_iterable(zip_longest(*made))))
    for question, document_id in islice(candidates.items(), _MOST_TRIED):
        if _holds(chatbot.ask(question), document_id):
            yield question


def _candidates(chatbot: Chatbot, document_id: str, number: int) -> list[tuple[str, str]]:
    """Questions about a document, with its id; documents that follow each other begin with another kind."""
    document = chatbot.document(document_id)
    if document is None:  # gone since it was listed
        return []
    text = document.text[document.body_start : document.body_start + _MOST_CHARS]
    sentences = [" ".join(text[span.start : span.end].split()) for span in split_sentences(text)]
    kinds = [_of_sayings(sentences), _of_days(text), _of_deeds(sentences)]
    first = number % len(kinds)
    by_turns = chain.from_iterable(zip_longest(*kinds[first:], *kinds[:first]))
    return [(question, document_id) for question in by_turns if question is not None]


def _of_sayings(sentences: Sequence[str]) -> list[str]:
    names = [found["name"] for sentence in sentences if (found := _SAID.search(sentence))]
    return [f"What did {name} say?" for name in names if _is_short(name)]


def _of_days(text: str) -> list[str]:
    """Of days said in full: those counted from the day of writing mean nothing to who has not read the text."""
    days = [one.when.first for one in find_dates(text, _NO_DAY) if one.when.is_day and one.basis == "said"]
    return [f"What happened on {day.day} {day:%B} {day.year}?" for day in days]


def _of_deeds(sentences: Sequence[str]) -> list[str]:
    deeds = [found for sentence in sentences if (found := _DONE_TO.search(sentence))]
    return [
        f"When {deed['be']} {re.sub('^The ', 'the ', deed['name'])} {deed['done']}?"
        for deed in deeds
        if _is_short(deed["name"])
    ]


def _is_short(name: str) -> bool:
    return len(name.split()) <= _LONGEST_NAME_WORDS


def _holds(answer: Answer, document_id: str) -> bool:
    return (
        answer.verdict == "answered"
        and (answer.confidence or 0.0) >= _LEAST_CONFIDENCE
        and any(citation.document_id == document_id for citation in answer.citations)
    )
