"""Corpora in, the same with everything loaded out, so that no first answer holds up an acknowledgement.

What is loaded with the first answer (the index, the embedder, tiktoken's table, the model's client) keeps the event
loop for more than a second.
"""

import asyncio
import gc
import logging
from collections.abc import Iterable

from rag.answering.extractive import MODEL
from rag.corpora import Corpora
from rag.errors import AttestError
from rag.questions import parse_question
from rag.settings import Settings
from rag.tokens import count_tokens

_QUESTION = "Is anything here?"
_REACH_SECONDS = 3.0

_log = logging.getLogger("attest.slack")


async def warm_up(corpora: Corpora, names: Iterable[str], settings: Settings) -> None:
    """What cannot be loaded is logged; whoever asks will be told."""
    for name in names:
        try:
            await asyncio.to_thread(_search, corpora, name)
        except AttestError as error:
            _log.warning("corpus %s: %s", name, error)
    if settings.chat_model != MODEL:
        await asyncio.to_thread(count_tokens, _QUESTION)
        await _reach(corpora)
    gc.collect()
    gc.freeze()  # what is loaded stays: to look through it for garbage again and again takes 0.15 s each time


async def _reach(corpora: Corpora) -> None:
    if corpora.reach_model is not None:
        try:
            await corpora.reach_model(within_seconds=_REACH_SECONDS)
        except AttestError as error:
            _log.warning("%s", error)


def _search(corpora: Corpora, name: str) -> None:
    corpora.get(name).search(parse_question(_QUESTION), limit=1)
