"""A corpus's folder and a root in, its index in line with that out: made by a process of its own, killed if it is late.

What is uploaded and what is watched are both indexed in this way.
"""

import asyncio
import json
import logging
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

from api.job_store import JobReport, make_report
from rag.errors import AttestError

_MOST_LINE_BYTES = 2**26  # of what the worker says; a report names every file

_log = logging.getLogger("attest.api")


class IndexingError(AttestError):
    """The index could not be brought in line; it is as it was."""


async def index_root(
    corpus_folder: Path,
    root: Path,
    *,
    keep_vanished: bool = False,
    deadline_seconds: float | None = None,
    progress: Callable[[int, int], Awaitable[None]] | None = None,
) -> JobReport:
    """What changed. `progress` is told (done, total) files; cancelling kills the process.

    With `keep_vanished`, a root that is missing or empty, and was not, is an error: its disk may be away.

    Raises:
        IndexingError: nothing changed; the message says why.
    """
    options = ["--keep-vanished"] if keep_vanished else []
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api.ingest_worker", *options, str(corpus_folder), str(root)),
        stdin=PIPE,  # held open: it ends with this process
        stdout=PIPE,
        stderr=PIPE,
        limit=_MOST_LINE_BYTES,
        start_new_session=True,  # Ctrl-C is for the server, which lets its streams end first
    )
    try:
        async with asyncio.timeout(deadline_seconds):
            return await _report(worker, progress)
    except TimeoutError:
        raise IndexingError(f"it took longer than {deadline_seconds:g} s and was stopped") from None
    finally:
        await _end(worker)


async def _report(worker: Process, progress: Callable[[int, int], Awaitable[None]] | None) -> JobReport:
    complaints = asyncio.create_task(cast(StreamReader, worker.stderr).read())
    try:
        async for line in cast(StreamReader, worker.stdout):
            said = json.loads(line)
            if "report" in said:
                return make_report(said["report"])
            if "error" in said:
                raise IndexingError(said["error"])
            if progress is not None:
                await progress(said["done"], said["total"])
        _log.error("indexing broke off: %s", (await complaints).decode(errors="replace"))
        raise IndexingError("indexing broke off; the server's log says why")
    finally:
        complaints.cancel()


async def _end(worker: Process) -> None:
    if worker.returncode is None:
        worker.kill()
    cast(StreamWriter, worker.stdin).close()
    await worker.wait()
