"""Answers in, conversations out, word for word as they were shown: one SQLite file, kept within a budget.

Every operation opens the file for itself: threads and processes share nothing, and a file that is renamed away is
simply begun anew. Order is the order of writing, never of the clock.
"""

import json
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.errors import ConversationNotFoundError, StoreError
from rag.protocols import Message
from rag.questions import MAX_TURN_CHARS, MAX_TURNS
from rag.types import Answer
from rag.write_ahead import write_ahead

MOST_TURNS = 200  # of a conversation; beyond them its oldest are forgotten
MOST_BYTES = 256 * 1024**2  # of the file; beyond them the conversations least recently added to are forgotten
MOST_LISTED = 200

_BUSY_SECONDS = 5.0
_VERSION = 1  # of the tables
_ID = re.compile(r"c_[A-Za-z0-9_-]{16}")
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL,
    touched INTEGER NOT NULL,  -- counts up over all conversations: the highest was added to last
    title TEXT NOT NULL, updated_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS conversations_of_owner ON conversations (owner, touched);
CREATE INDEX IF NOT EXISTS conversations_by_use ON conversations (touched);
CREATE TABLE IF NOT EXISTS turns (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    asked_at TEXT NOT NULL, answer TEXT NOT NULL  -- JSON
);
CREATE INDEX IF NOT EXISTS turns_of_conversation ON turns (conversation_id, number);
PRAGMA user_version = 1;
COMMIT;
"""
_NEXT_TOUCH = "SELECT ifnull(max(touched), 0) + 1 FROM conversations"
_OF_THE_DISK = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
)
_LIVE_BYTES = (
    "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
)
_TURNS_BEYOND = """
DELETE FROM turns WHERE number IN
    (SELECT number FROM turns WHERE conversation_id = ? ORDER BY number DESC LIMIT -1 OFFSET ?)
"""
_OLDEST_OTHER = """
DELETE FROM conversations WHERE id = (SELECT id FROM conversations WHERE id != :keep ORDER BY touched LIMIT 1)
"""
_OLDEST_TURN = """
DELETE FROM turns WHERE number = (SELECT min(number) FROM turns) AND number < (SELECT max(number) FROM turns)
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, the `Answer` it got as its JSON object, and when that was stored: an ISO time in UTC."""

    question: str
    answer: dict[str, Any]
    asked_at: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation in a list: `title` is its first question, "" before there is one; `turns` is how many it has."""

    conversation_id: str
    title: str
    updated_at: str
    turns: int


class ConversationStore:
    """The conversations in one file, which the first `create` makes; safe for threads and for several processes.

    Every method raises StoreError where the file cannot be used, with the remedy; and all that take a conversation's id
    raise ConversationNotFoundError where there is none of that id or it is another owner's, which is the same to them.
    `owner` is "" where nobody had to say who they are.
    """

    def __init__(
        self,
        path: Path,
        *,
        most_turns: int = MOST_TURNS,
        most_bytes: int = MOST_BYTES,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._path = path
        self._most_turns = most_turns
        self._most_bytes = most_bytes
        self._now = now

    def create(self, *, owner: str = "") -> str:
        """The id of a new conversation, which nobody can guess."""
        conversation_id = f"c_{secrets.token_urlsafe(12)}"
        with self._writing() as db:
            [touched] = db.execute(_NEXT_TOUCH).fetchone()
            row = (conversation_id, owner, touched, "", self._time())
            db.execute("INSERT INTO conversations VALUES (?, ?, ?, ?, ?)", row)
            self._keep_budget(db, keep=conversation_id)
        return conversation_id

    def append(self, conversation_id: str, answer: Answer, *, owner: str = "") -> None:
        """Stores an answer, with the question it has, as the conversation's next turn."""
        stored = json.dumps(answer.to_dict(), ensure_ascii=False)
        with self._writing() as db:
            _require(db, conversation_id, owner)
            [touched], time = db.execute(_NEXT_TOUCH).fetchone(), self._time()
            db.execute(
                "UPDATE conversations SET touched = ?, updated_at = ?, title = CASE title WHEN '' THEN ? ELSE title END"
                " WHERE id = ?",
                (touched, time, answer.question, conversation_id),
            )
            row = (conversation_id, time, stored)
            db.execute("INSERT INTO turns (conversation_id, asked_at, answer) VALUES (?, ?, ?)", row)
            self._keep_budget(db, keep=conversation_id)

    def delete(self, conversation_id: str, *, owner: str = "") -> None:
        """Forgets a conversation; what it held is overwritten in the file."""
        with self._writing() as db:
            _require(db, conversation_id, owner)
            db.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))

    def turns(self, conversation_id: str, *, owner: str = "") -> list[Turn]:
        """All its turns, oldest first."""
        return self._last_turns(conversation_id, owner, limit=self._most_turns)

    def history(self, conversation_id: str, *, owner: str = "") -> list[Message]:
        """What a follow-up leans on: the last questions and what was said to each, as `parse_history` accepts them."""
        turns = self._last_turns(conversation_id, owner, limit=MAX_TURNS // 2)
        return [message for turn in turns for message in _messages(turn)]

    def recent(self, *, owner: str = "", limit: int = 50) -> list[Conversation]:
        """The owner's conversations, the one last added to first; at most `limit`, and never above MOST_LISTED."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT id, title, updated_at, (SELECT count(*) FROM turns WHERE conversation_id = id)"
                " FROM conversations WHERE owner = ? ORDER BY touched DESC LIMIT ?",
                (owner, max(0, min(limit, MOST_LISTED))),
            )
            return [Conversation(*row) for row in rows]

    def _last_turns(self, conversation_id: str, owner: str, *, limit: int) -> list[Turn]:
        with self._reading() as db:
            _require(db, conversation_id, owner)
            rows = db.execute(
                "SELECT answer, asked_at FROM turns WHERE conversation_id = ? ORDER BY number DESC LIMIT ?",
                (conversation_id, limit),
            ).fetchall()
            return [_turn(*row) for row in reversed(rows)]

    def _keep_budget(self, db: sqlite3.Connection, *, keep: str) -> None:
        """Forgets what is over it: old turns of this conversation, then others, then, where it is alone, more turns."""
        db.execute(_TURNS_BEYOND, (keep, self._most_turns))
        for forget_one in (_OLDEST_OTHER, _OLDEST_TURN):
            while self._is_over_budget(db) and db.execute(forget_one, {"keep": keep}).rowcount:
                continue

    def _is_over_budget(self, db: sqlite3.Connection) -> bool:
        return bool(db.execute(_LIVE_BYTES).fetchone()[0] > self._most_bytes)

    def _time(self) -> str:
        return self._now().astimezone(UTC).isoformat(timespec="milliseconds")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent state of the file, or of an empty one where there is none yet."""
        with self._open(self._path if self._path.exists() else ":memory:") as db:
            db.execute("BEGIN")
            yield db

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """All that is done within is written, or, on an error, nothing."""
        with self._open(self._path) as db:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")

    @contextmanager
    def _open(self, path: Path | str) -> Iterator[sqlite3.Connection]:
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)) as db:
                _prepare(db)
                yield db
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            raise StoreError(_problem(self._path, error)) from None


def _prepare(db: sqlite3.Connection) -> None:
    [version] = db.execute("PRAGMA user_version").fetchone()
    if version not in (0, _VERSION):
        raise sqlite3.DatabaseError(f"its tables are of version {version}, not {_VERSION}")
    if version == 0:
        write_ahead(db)
        db.executescript(_SCHEMA)
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA secure_delete = ON")


def _require(db: sqlite3.Connection, conversation_id: str, owner: str) -> None:
    found = (
        _ID.fullmatch(conversation_id)
        and db.execute("SELECT 1 FROM conversations WHERE id = ? AND owner = ?", (conversation_id, owner)).fetchone()
    )
    if not found:
        raise ConversationNotFoundError(f"there is no conversation {conversation_id[:40]!r}; start a new one")


def _turn(stored: str, asked_at: str) -> Turn:
    try:
        answer = json.loads(stored)
        is_one = all(isinstance(answer[key], str) for key in ("question", "text", "message"))
    except (ValueError, KeyError, TypeError):
        is_one = False
    if not is_one:
        raise sqlite3.DatabaseError(f"what is kept of {asked_at} is no answer")
    return Turn(answer["question"], answer, asked_at)


def _messages(turn: Turn) -> tuple[Message, Message]:
    said = turn.answer["text"] or turn.answer["message"]
    return Message("user", turn.question), Message("assistant", said[:MAX_TURN_CHARS])


def _problem(path: Path, error: Exception) -> str:
    """What is wrong with the file, and the next step."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code: the higher bits only refine it
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"{path} is busy: another process has been writing to it for {_BUSY_SECONDS:g} s. Ask again."
    if isinstance(error, OSError) or code in _OF_THE_DISK:
        return f"{path} cannot be used ({error}). Look at the disk's free space and the file's permissions."
    return f"{path} is damaged ({error}). Rename it away: conversations then begin anew."
