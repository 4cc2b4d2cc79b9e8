"""Calls of the Web API in their channels' turns."""

import asyncio
from types import SimpleNamespace
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from api.slack.calls import Calls


class LimitedClient(AsyncWebClient):
    """Says of the first call that none may follow for a minute."""

    def __init__(self) -> None:
        super().__init__("xoxb-fake")
        self.called: list[str] = []
        self.limited = asyncio.Event()

    async def api_call(self, api_method: str, **arguments: Any) -> Any:
        self.called.append(api_method)
        if len(self.called) == 1:
            self.limited.set()  # what waits for it runs after what is raised here was heard of
            limited = SimpleNamespace(status_code=429, data={}, headers={"Retry-After": "60"})
            raise SlackApiError("", limited)  # type: ignore[no-untyped-call]
        return SimpleNamespace(data={"ok": True})


def test_a_courtesy_is_left_out_where_its_channel_is_limited() -> None:
    async def run() -> list[str]:
        client = LimitedClient()
        calls = Calls(client)
        posting = asyncio.create_task(calls.call("chat.postMessage", channel="C0HELP", text="Hello."))
        await client.limited.wait()
        assert await calls.attempt("assistant.threads.setStatus", channel_id="C0HELP", status="…")
        assert await calls.attempt("reactions.add", channel="C0OTHER", name="eyes", timestamp="1.1")
        posting.cancel()
        return client.called

    assert asyncio.run(run()) == ["chat.postMessage", "reactions.add"]
