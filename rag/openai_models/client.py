"""A key and an address in, the vendor's client out, without limits of its own but two: on connecting and on size."""

from collections.abc import AsyncIterator
from functools import cache
from ssl import SSLContext

import httpx2
import openai

RESPONSE_BYTES = 16 * 2**20  # the largest honest response, a batch of vectors, has 9 MB
_NO_KEY_NEEDED = "none"  # the vendor's client insists on one; a local server does not read it


def open_client(*, api_key: str | None, base_url: str, connect_seconds: float) -> openai.AsyncOpenAI:
    """It connects at the first call; close it in the event loop that used it."""
    timeout = openai.Timeout(None, connect=connect_seconds)
    return openai.AsyncOpenAI(
        api_key=api_key or _NO_KEY_NEEDED,
        base_url=base_url,
        max_retries=0,  # it would sleep through any Retry-After, whatever the deadline
        timeout=timeout,
        http_client=openai.DefaultAsyncHttpx2Client(
            verify=_ssl_context(), timeout=timeout, event_hooks={"response": [_bound]}
        ),
    )


@cache
def _ssl_context() -> SSLContext:
    return httpx2.create_ssl_context()  # 30 ms


async def _bound(response: httpx2.Response) -> None:
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _BoundedStream(response.stream)


class _BoundedStream(httpx2.AsyncByteStream):
    """Ends in an error beyond `RESPONSE_BYTES`: the client would gather an endless line in memory."""

    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = RESPONSE_BYTES
        async for part in self._inner:
            left -= len(part)
            if left < 0:
                raise openai.OpenAIError(f"more than {RESPONSE_BYTES:,} bytes")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()
