"""A thread of Slack in, the conversation that it is out."""

import sqlite3
from dataclasses import dataclass

from api.slack.database import Database


@dataclass(frozen=True, slots=True)
class Conversation:
    """A kept conversation of one corpus."""

    corpus: str
    conversation_id: str


class Threads:
    """Both methods raise StoreError where the file cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def conversation(self, thread: str) -> Conversation | None:
        """What was said in the thread so far; None before its first answer."""

        def find(db: sqlite3.Connection) -> Conversation | None:
            row = db.execute(
                "SELECT corpus, conversation_id FROM threads WHERE thread = ? AND conversation_id IS NOT NULL",
                (thread,),
            ).fetchone()
            return Conversation(*row) if row else None

        return await self._database.transaction(find)

    async def begin(self, thread: str, conversation: Conversation) -> None:
        """Makes the conversation the thread's, from here on."""

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE threads SET corpus = ?, conversation_id = ? WHERE thread = ?",
                (conversation.corpus, conversation.conversation_id, thread),
            )

        await self._database.transaction(write)
