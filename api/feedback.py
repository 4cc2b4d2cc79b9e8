"""What readers think of answers in, kept in one SQLite file within a budget; the oldest is forgotten first."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from api.database import transaction

FEEDBACK = "feedback.sqlite"
MOST_BYTES = 64 * 1024**2

Rating = Literal["up", "down"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS feedback (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL, owner TEXT NOT NULL, given_at TEXT NOT NULL,
    rating TEXT NOT NULL, comment TEXT, question TEXT NOT NULL,
    conversation_id TEXT, answer TEXT  -- JSON
)
"""
_COLUMNS = "id, owner, given_at, rating, comment, question, conversation_id, answer"
_OLDEST = "DELETE FROM feedback WHERE number = (SELECT min(number) FROM feedback HAVING count(*) > 1)"
_LIVE_BYTES = (
    "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One reader's word on one answer; `owner` is the id of the key that sent it, "" where none was needed."""

    feedback_id: str
    owner: str
    given_at: str
    rating: Rating
    comment: str | None
    question: str
    conversation_id: str | None
    answer: dict[str, Any] | None


class FeedbackStore:
    """The feedback in one file, which the first `add` makes. Every method raises StoreError where it cannot be used."""

    def __init__(
        self, path: Path, *, most_bytes: int = MOST_BYTES, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._now = now

    def add(
        self,
        rating: Rating,
        *,
        question: str,
        comment: str | None = None,
        conversation_id: str | None = None,
        answer: Mapping[str, Any] | None = None,
        owner: str = "",
    ) -> str:
        """The id under which it is kept."""
        feedback_id = f"f_{secrets.token_urlsafe(12)}"
        stored = None if answer is None else json.dumps(answer)
        given_at = self._now().isoformat(timespec="milliseconds")
        row = (feedback_id, owner, given_at, rating, comment, question, conversation_id, stored)
        with transaction(self._path, _SCHEMA) as db:
            db.execute(f"INSERT INTO feedback ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608
            while db.execute(_LIVE_BYTES).fetchone()[0] > self._most_bytes and db.execute(_OLDEST).rowcount:
                continue
        return feedback_id

    def all(self) -> list[Feedback]:
        """Everything that is kept, the oldest first."""
        if not self._path.exists():
            return []
        with transaction(self._path, _SCHEMA) as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM feedback ORDER BY number").fetchall()  # noqa: S608
        return [
            Feedback(
                feedback_id=feedback_id,
                owner=owner,
                given_at=given_at,
                rating=rating,
                comment=comment,
                question=question,
                conversation_id=conversation_id,
                answer=None if answer is None else json.loads(answer),
            )
            for feedback_id, owner, given_at, rating, comment, question, conversation_id, answer in rows
        ]
