"""A coroutine in, its result out, for callers that cannot await."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Found = TypeVar("Found")


def run_blocking(call: Coroutine[Any, Any, Found]) -> Found:
    """Its result; in a thread of its own where this one is already in an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(call)
    with ThreadPoolExecutor(1, "blocking") as pool:
        return pool.submit(asyncio.run, call).result()
