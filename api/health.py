"""`GET /healthz`, `/readyz` and `/metrics`: what machines ask of a server."""

import asyncio
import time
from collections.abc import Callable
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from api.errors import documented
from api.processes import exposition
from rag.corpora import Corpora
from rag.errors import AttestError, StoreError

router = APIRouter()

_FRESH_SECONDS = 3.0  # however often it is asked, the model is asked no oftener
_WITHIN_SECONDS = 3.0
_INGEST = "run: attest ingest PATH"
_TEXT = {"description": "Metrics", "content": {"text/plain": {"schema": {"type": "string"}}}}


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """`degraded` are the corpora whose index is damaged and which an earlier one answers for."""

    status: Literal["ready"] = "ready"
    degraded: list[str] = []


class Readiness:
    """Whether an index is open and the model can be reached, as it was found at most some seconds ago."""

    def __init__(
        self, corpora: Corpora, *, is_watching: bool = False, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._corpora = corpora
        self._is_watching = is_watching
        self._now = now
        self._asking = asyncio.Lock()
        self._stale_at = 0.0
        self._problem: AttestError | None = None

    async def check(self) -> None:
        """Raises StoreError or ModelError where an answer of the kind that is set could not be given."""
        async with self._asking:
            if self._now() >= self._stale_at:
                self._problem = await self._found()
                self._stale_at = self._now() + _FRESH_SECONDS
        if self._problem:
            raise self._problem.with_traceback(None)

    def degraded(self) -> list[str]:
        """The corpora that are open and read from an earlier generation, as the last one is damaged."""
        return [name for name in self._corpora.opened() if self._corpora.get(name).warning]

    async def _found(self) -> AttestError | None:
        try:
            async with asyncio.timeout(_WITHIN_SECONDS):
                await asyncio.to_thread(self._open_an_index)
            if self._corpora.reach_model:
                await self._corpora.reach_model(within_seconds=_WITHIN_SECONDS)
        except TimeoutError:
            return StoreError(f"the index is not open after {_WITHIN_SECONDS:g} s; ask again")
        except AttestError as error:
            return error
        return None

    def _open_an_index(self) -> None:
        """One is enough: a corpus that is damaged or empty is no reason to take the others away."""
        remedy = "the watched folder is being read; the log says how that goes" if self._is_watching else _INGEST
        problem = StoreError(f"nothing is indexed yet; {remedy}")
        for name in self._corpora.names():
            try:
                if self._corpora.get(name).is_ready():
                    return
            except StoreError as error:
                problem = error
        raise problem


@router.get("/healthz", tags=["server"])
async def healthz() -> Health:
    """The server runs."""
    return Health()


@router.get("/readyz", tags=["server"], responses=documented(503))
async def readyz(request: Request) -> Ready:
    """An index is open, and the language model, where one is set, can be reached."""
    readiness: Readiness = request.app.state.readiness
    await readiness.check()
    return Ready(degraded=readiness.degraded())


@router.get("/metrics", tags=["server"], response_class=Response, responses={200: _TEXT})
def metrics() -> Response:
    """Counters and timings, as Prometheus reads them."""
    return Response(exposition(), media_type=CONTENT_TYPE_LATEST)
