"""A question in, a sign at once that it is being worked on out: a status under the thread, or a reaction."""

import asyncio

from api.slack.calls import Calls
from api.slack.events import Asked

STATUS = "is looking through the documents …"
REACTION = "eyes"


class Thinking:
    """Only a courtesy: where Slack takes neither sign, there is none."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._showing: dict[str, asyncio.Task[None]] = {}  # by question
        self._reacted: set[str] = set()

    def begin(self, asked: Asked) -> None:
        if asked.way != "command":  # its acknowledgement says it
            showing = self._showing[asked.key] = asyncio.create_task(self._show(asked))
            showing.add_done_callback(lambda _: self._showing.pop(asked.key, None))

    async def end(self, asked: Asked) -> None:
        """To be called before the answer is whole: a status goes when that comes, and must not come after it."""
        if showing := self._showing.get(asked.key):
            showing.cancel()
            await asyncio.wait({showing})
        if asked.key in self._reacted:
            self._reacted.discard(asked.key)
            await self._react("reactions.remove", asked)

    async def _show(self, asked: Asked) -> None:
        shown = await self._calls.attempt(
            "assistant.threads.setStatus", channel_id=asked.channel, thread_ts=asked.thread_ts, status=STATUS
        )
        if not shown:
            self._reacted.add(asked.key)  # before it is certain: a call that is cut off may have been done
            await self._react("reactions.add", asked)

    async def _react(self, method: str, asked: Asked) -> bool:
        return await self._calls.attempt(method, channel=asked.channel, name=REACTION, timestamp=asked.ts)
