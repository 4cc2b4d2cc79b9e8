"""Sentences as they come in, one message in a thread that grows with them and ends as the whole answer out.

It grows through Slack's streaming methods, or, where Slack refuses those, by `chat.update`, at most once a second. A
message whose posting nobody knows the outcome of is looked for in the thread before another is posted.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Literal, Protocol

from api.slack.asides import is_aside
from api.slack.blocks import SlackMessage, messages, section
from api.slack.calls import CallFailed, Calls
from api.slack.limits import MOST_STREAMED_CHARS, MOST_TEXT_OBJECT_CHARS, weight
from api.slack.once import Inbox, Task
from api.slack.splitting import packed

_UPDATE_SECONDS = 1.0
_MOST_GROWING = MOST_TEXT_OBJECT_CHARS - len(" …")
_TRIES = 3

_log = logging.getLogger("attest.slack")


class Delivery(Protocol):
    """Where an answer goes."""

    def say(self, sentence: str) -> None:
        """Adds a sentence, soon."""

    async def finish(self, whole: Sequence[SlackMessage], rest: Sequence[SlackMessage]) -> None:
        """Ends as `whole`; `rest` is that without the sentences, for where these stand already."""

    async def stop(self) -> None:
        """Sends no more, and leaves what was sent to another process."""


class InThread:
    """An answer in a thread, perhaps one that an earlier try began."""

    def __init__(self, calls: Calls, inbox: Inbox, task: Task) -> None:
        self._calls = calls
        self._inbox = inbox
        self._task = task
        self._asked = task.asked
        self._posted = list(task.posted)
        self._uncertain = task.uncertain
        self._mode: Literal["new", "streaming", "updating"] = "updating" if task.posted or task.uncertain else "new"
        self._open_stream = bool(task.posted) or task.uncertain  # perhaps: what an earlier try left may be one
        self._said: list[str] = []
        self._sent = 0  # of what was said
        self._more = asyncio.Event()
        self._ending = False
        self._growing: asyncio.Task[None] | None = None
        self._updated_at = 0.0  # in the event loop's time

    def say(self, sentence: str) -> None:
        self._said.append(sentence)
        self._more.set()
        if self._growing is None and not (self._posted or self._uncertain):
            self._growing = asyncio.create_task(self._grow())

    async def finish(self, whole: Sequence[SlackMessage], rest: Sequence[SlackMessage]) -> None:
        """Raises CallFailed where Slack takes no message at all."""
        if self._growing is not None:
            self._ending = True
            self._more.set()
            await self._growing
        if self._uncertain and (ts := await self._unknown_message()):
            await self._remember(ts)
        if self._mode == "streaming" and await self._end_stream(rest[0]):
            following = rest[1:]
        else:
            await self._replace(whole[0])
            following = whole[1:]
        for place, message in enumerate(following, start=1):
            if place < len(self._posted):
                await self._update(self._posted[place], message)
            else:
                await self._post(message)

    async def stop(self) -> None:
        if self._growing is not None:
            self._growing.cancel()
            with suppress(asyncio.CancelledError):
                await self._growing

    async def _grow(self) -> None:
        """Sends what is said, all that came meanwhile at once, until the end."""
        while not self._ending:
            await self._more.wait()
            self._more.clear()
            if self._mode == "updating":
                await self._pause()
            sending = asyncio.ensure_future(self._send())
            try:
                await asyncio.shield(sending)
            except asyncio.CancelledError:
                await sending  # a call that is cut off may or may not have been done
                raise

    async def _send(self) -> None:
        new, total = self._said[self._sent :], sum(len(sentence) + 1 for sentence in self._said)
        if not new or total > MOST_STREAMED_CHARS:
            return  # the rest comes with the whole
        try:
            match self._mode:
                case "new":
                    await self._begin(" ".join(new))
                case "streaming":
                    await self._append(f" {' '.join(new)}")
                case "updating" if not self._ending:
                    await self._show_so_far()
        except CallFailed as failure:
            _log.warning("an answer does not grow: %s", failure)
            self._mode = "updating"
        self._sent += len(new)

    async def _begin(self, text: str) -> None:
        asked = self._asked
        direct = asked.channel.startswith("D")
        await self._inbox.begin_posting(self._task)
        try:
            response = await self._calls.call(
                "chat.startStream",
                channel=asked.channel,
                once=True,
                thread_ts=asked.thread_ts,
                markdown_text=text,
                recipient_team_id=None if direct else asked.team or None,
                recipient_user_id=None if direct else asked.user,
            )
            await self._remember(str(response["ts"]))
            self._mode, self._open_stream = "streaming", True
        except (CallFailed, KeyError) as refusal:
            _log.info("no stream: %s", refusal)
            self._mode = "updating"
            if not (isinstance(refusal, CallFailed) and refusal.reason):
                self._uncertain = self._open_stream = True
                return
            await self._inbox.posted(self._task, "")
            await self._show_so_far()

    async def _append(self, text: str) -> None:
        await self._calls.call(
            "chat.appendStream", channel=self._asked.channel, once=True, ts=self._posted[0], markdown_text=text
        )

    async def _show_so_far(self) -> None:
        if self._uncertain or weight(self._said[0]) > _MOST_GROWING:
            return
        first, *more = packed(((" ", sentence) for sentence in self._said), _MOST_GROWING)
        [growing, *_] = messages([section(f"{first} …" if more else first)])
        if self._posted:
            await self._close_stream()
            await self._update(self._posted[0], growing)
        else:
            await self._post(growing)
        self._updated_at = asyncio.get_running_loop().time()

    async def _end_stream(self, rest: SlackMessage) -> bool:
        """Whether all that was said stands in the stream, and it ended with the rest."""
        unsent = "".join(f" {sentence}" for sentence in self._said[self._sent :])
        if sum(len(sentence) + 1 for sentence in self._said) > MOST_STREAMED_CHARS:
            return False
        try:
            await self._calls.call(
                "chat.stopStream",
                channel=self._asked.channel,
                once=True,
                ts=self._posted[0],
                markdown_text=unsent or None,
                blocks=rest.blocks,
            )
        except CallFailed as failure:
            _log.warning("a stream does not end: %s", failure)
            return False
        return True

    async def _replace(self, message: SlackMessage) -> None:
        """Makes the first message this one, whatever it was; where Slack lets nobody change it, posts it anew."""
        if not self._posted:
            await self._post(message)
            return
        await self._pause()
        try:
            await self._close_stream()
            await self._update(self._posted[0], message)
        except CallFailed as failure:
            _log.warning("a message cannot be changed: %s", failure)
            await self._post(message)
            self._posted = self._posted[-1:]

    async def _close_stream(self) -> None:
        """What streams cannot be updated."""
        if self._open_stream:
            self._open_stream = False
            with suppress(CallFailed):  # it had ended
                await self._calls.call("chat.stopStream", channel=self._asked.channel, once=True, ts=self._posted[0])

    async def _pause(self) -> None:
        """Until Slack takes the next update kindly."""
        left = self._updated_at + _UPDATE_SECONDS - asyncio.get_running_loop().time()
        if self._updated_at and left > 0:
            await asyncio.sleep(left)

    async def _update(self, ts: str, message: SlackMessage) -> None:
        await self._calls.call(
            "chat.update", channel=self._asked.channel, ts=ts, text=message.text, blocks=message.blocks
        )

    async def _post(self, message: SlackMessage) -> None:
        for _ in range(_TRIES):
            await self._inbox.begin_posting(self._task)
            try:
                response = await self._calls.call(
                    "chat.postMessage",
                    channel=self._asked.channel,
                    once=True,
                    thread_ts=self._asked.thread_ts,
                    text=message.text,
                    blocks=message.blocks,
                    unfurl_links=False,
                    unfurl_media=False,
                )
            except CallFailed as failure:
                if failure.reason:
                    await self._inbox.posted(self._task, "")
                    raise
                if ts := await self._unknown_message():
                    await self._remember(ts)
                    return
                await asyncio.sleep(_UPDATE_SECONDS)
                continue
            await self._remember(str(response.get("ts", "")))
            return
        raise CallFailed("chat.postMessage", "")

    async def _remember(self, ts: str) -> None:
        await self._inbox.posted(self._task, ts)
        self._uncertain = False
        if ts:
            self._posted.append(ts)

    async def _unknown_message(self) -> str | None:
        """Of the bot's messages after the question, one that belongs to no answer that is known of."""
        try:
            found = await self._calls.call(
                "conversations.replies",
                channel=self._asked.channel,
                ts=self._asked.thread_ts,
                oldest=self._asked.ts,
                limit=100,
            )
        except CallFailed as failure:
            _log.warning("a thread cannot be looked through: %s", failure)
            return None
        own = await self._calls.own()
        for message in found.get("messages") or ():
            ts = str(message.get("ts", ""))
            if not own.wrote(message) or is_aside(message) or ts <= self._asked.ts:
                continue
            if not await self._inbox.is_posted(ts):
                return ts
        return None
