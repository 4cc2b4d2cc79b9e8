"""Keys of the server: made, listed, revoked and checked, in one SQLite file that holds no key itself.

A key is `attest_`, its id, and 256 random bits. Only a SHA-256 of those bits is kept: there is nothing to guess in them
that a slow hash would protect. Every operation opens the file for itself, so that running servers see each change.
"""

import hashlib
import hmac
import json
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rag.errors import ConfigurationError, StoreError

KEYS = "keys.sqlite"

_BUSY_SECONDS = 2.0
_SECRET_BYTES = 32
_TEXT = re.compile(r"attest_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY, name TEXT NOT NULL,
    corpora TEXT,  -- JSON; NULL is all
    read_only INTEGER NOT NULL, hash BLOB NOT NULL,
    created_at TEXT NOT NULL, revoked_at TEXT
) WITHOUT ROWID
"""
_COLUMNS = "id, name, corpora, read_only, created_at, revoked_at"


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key: `corpora` it opens, None for all; times are ISO, in UTC."""

    key_id: str
    name: str
    corpora: tuple[str, ...] | None
    read_only: bool
    created_at: str
    revoked_at: str | None


class KeyStore:
    """The keys in one file, which the first `create` makes; safe for threads and for several processes.

    Every method raises StoreError where the file cannot be used.
    """

    def __init__(self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._now = now
        self._seen = False  # a key, in the file that is there

    def create(self, *, name: str, corpora: Sequence[str] | None = None, read_only: bool = False) -> tuple[Key, str]:
        """A new key, and its text, which is nowhere else."""
        key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(_SECRET_BYTES)
        opened = json.dumps(list(dict.fromkeys(corpora))) if corpora is not None else None
        with self._open() as db:
            db.execute(_SCHEMA)
            row = (key_id, name, opened, read_only, _hash(secret), self._time(), None)
            db.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            return _one(db, key_id), f"attest_{key_id}_{secret}"

    def all(self) -> list[Key]:
        """Every key there ever was, the oldest first."""
        if not self._path.exists():
            return []
        with self._open() as db:
            return [_key(row) for row in db.execute(f"SELECT {_COLUMNS} FROM keys ORDER BY created_at, id")]  # noqa: S608

    def revoke(self, key_id: str) -> Key:
        """The key, which from now on opens nothing.

        Raises:
            ConfigurationError: there is none of that id.
        """
        if key_id not in {key.key_id for key in self.all()}:
            raise ConfigurationError(f"there is no key {key_id!r}; `attest keys list` shows them")
        with self._open() as db:
            db.execute("UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (self._time(), key_id))
            return _one(db, key_id)

    def exist(self) -> bool:
        """Whether a key was ever made. Revoking the last one does not let everybody in; removing the file does."""
        if not self._path.exists():
            self._seen = False
        elif not self._seen:
            with self._open() as db:
                self._seen = db.execute("SELECT 1 FROM keys").fetchone() is not None
        return self._seen

    def check(self, text: str) -> Key | None:
        """The key of that text, None where it is no key, or revoked."""
        parts = _TEXT.fullmatch(text)
        if parts is None or not self._path.exists():
            return None
        key_id, secret = parts.groups()
        with self._open() as db:
            found = db.execute(f"SELECT hash, {_COLUMNS} FROM keys WHERE id = ?", (key_id,)).fetchone()  # noqa: S608
        if found is None or not hmac.compare_digest(found[0], _hash(secret)):
            return None
        key = _key(found[1:])
        return key if key.revoked_at is None else None

    def _time(self) -> str:
        return self._now().isoformat(timespec="seconds")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)) as db:
                yield db
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"the keys in {self._path} cannot be used ({error}); mend or restore that file") from None


def _one(db: sqlite3.Connection, key_id: str) -> Key:
    return _key(db.execute(f"SELECT {_COLUMNS} FROM keys WHERE id = ?", (key_id,)).fetchone())  # noqa: S608


def _key(row: tuple[str, str, str | None, int, str, str | None]) -> Key:
    key_id, name, corpora, read_only, created_at, revoked_at = row
    opened = tuple(json.loads(corpora)) if corpora is not None else None
    return Key(key_id, name, opened, bool(read_only), created_at, revoked_at)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
