"""Answers that were given in, the same out again: for their buttons, and for a process that ends what another began."""

import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from api.slack.database import Database
from api.slack.events import Asked
from rag.types import Answer, Citation, Passage, Sentence, Timings, Usage

KEPT_SECONDS = 90 * 24 * 3600.0
"""How long buttons work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer as it was given: whose question it was, in which thread, and of which corpus."""

    answer: Answer
    corpus: str
    team: str
    channel: str
    thread_ts: str
    user: str


def answer_id(asked: Asked) -> str:
    """What an answer is kept under, the same for every try at it."""
    return hashlib.sha256(asked.key.encode()).hexdigest()[:24]


class Answers:
    """Both methods raise StoreError where the file cannot be used."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def keep(self, name: str, given: Given) -> None:
        stored = json.dumps(asdict(given), ensure_ascii=False)

        def write(db: sqlite3.Connection) -> None:
            db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (name, self._now(), stored))
            db.execute("DELETE FROM answers WHERE at < ?", (self._now() - KEPT_SECONDS,))

        await self._database.transaction(write)

    async def find(self, name: str) -> Given | None:
        def read(db: sqlite3.Connection) -> Any:
            return db.execute("SELECT answer FROM answers WHERE id = ?", (name,)).fetchone()

        row = await self._database.transaction(read)
        if row is None:
            return None
        stored = json.loads(row[0])
        return Given(**{**stored, "answer": _answer(stored["answer"])})


def _answer(stored: Mapping[str, Any]) -> Answer:
    return Answer(
        **{
            **stored,
            "sentences": tuple(
                Sentence(**{**sentence, "citations": tuple(sentence["citations"])}) for sentence in stored["sentences"]
            ),
            "citations": tuple(Citation(**citation) for citation in stored["citations"]),
            "passages": tuple(Passage(**passage) for passage in stored["passages"]),
            "usage": Usage(**stored["usage"]),
            "timings_ms": Timings(**stored["timings_ms"]),
            "missing": tuple(stored["missing"]),
        }
    )
