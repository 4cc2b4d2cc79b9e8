"""A corpus's folder and its uploads in, its next generation out, with lines of JSON on stdout that say how far it is.

`api.jobs` runs it as `python -m api.ingest_worker CORPUS_FOLDER UPLOADS`: parsing and embedding then cannot hold up, or
take down, the process that answers. Lines are {"done", "total"}, and at the end {"report"} or {"error"}.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from threading import Thread
from typing import Any

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from rag.bootstrap import open_synchroniser
from rag.corpus.sync import SyncReport
from rag.errors import AttestError, IndexBusyError

_NICENESS = 10  # answers come first
_BUSY_SECONDS = 120.0  # that another writer, `attest ingest` say, is waited for
_POLL_SECONDS = 0.5


def main() -> int:
    Thread(target=_end_with_parent, daemon=True).start()
    os.nice(_NICENESS)
    folder, uploads = map(Path, sys.argv[1:])
    try:
        report = _sync(folder, uploads)
    except AttestError as error:
        _say(error=str(error))
        return 1
    _say(report=asdict(report))
    return 0


@retry(
    retry=retry_if_exception_type(IndexBusyError),
    stop=stop_after_delay(_BUSY_SECONDS),
    wait=wait_fixed(_POLL_SECONDS),
    reraise=True,
)
def _sync(folder: Path, uploads: Path) -> SyncReport:
    return open_synchroniser(folder).sync([uploads], progress=lambda done, total: _say(done=done, total=total))


def _say(**values: Any) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    """Stdin ends when the server dies in whatever way: nobody is left to take back what this process would publish."""
    while os.read(sys.stdin.fileno(), 1):
        continue
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
