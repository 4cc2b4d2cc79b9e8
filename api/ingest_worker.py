"""A corpus's folder and a root in, its next generation out, with lines of JSON on stdout that say how far it is.

`api.indexing` runs it as `python -m api.ingest_worker [--keep-vanished] CORPUS_FOLDER ROOT`: parsing and embedding then
cannot hold up, or take down, the process that answers. Lines are {"done", "total"}, and at the end {"report"} or
{"error"}.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from rag.precedence import come_second

if TYPE_CHECKING:
    from rag.corpus.sync import Synchroniser

_BUSY_SECONDS = 120.0  # that another writer, `attest ingest` say, is waited for
_POLL_SECONDS = 0.5


def main() -> int:
    Thread(target=_end_with_parent, daemon=True).start()
    come_second(leave_a_processor=True)
    from rag.errors import AttestError  # here and below, as importing is most of the work of a small change

    *options, folder, root = sys.argv[1:]
    try:
        report = _sync(Path(folder), Path(root), keep_vanished="--keep-vanished" in options)
    except AttestError as error:
        _say(error=str(error))
        return 1
    _say(report=report)
    return 0


def _sync(folder: Path, root: Path, *, keep_vanished: bool) -> dict[str, Any]:
    from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

    from rag.bootstrap import open_synchroniser
    from rag.errors import IndexBusyError

    synchroniser = open_synchroniser(folder)

    @retry(
        retry=retry_if_exception_type(IndexBusyError),
        stop=stop_after_delay(_BUSY_SECONDS),
        wait=wait_fixed(_POLL_SECONDS),
        reraise=True,
    )
    def sync() -> dict[str, Any]:
        if keep_vanished:
            _refuse_vanished(root, synchroniser)
        return asdict(synchroniser.sync([root], progress=lambda done, total: _say(done=done, total=total)))

    return sync()


def _refuse_vanished(root: Path, synchroniser: "Synchroniser") -> None:
    """Raises StoreError where the index has documents of a root that is not there, or of which nothing is there.

    That is how the folder of a disk looks that is not mounted; and to list it would take its documents out.
    """
    from rag.errors import StoreError

    if root.resolve() not in synchroniser.known_roots() or (root.is_dir() and any(root.iterdir())):
        return
    state = "empty" if root.is_dir() else "not there"
    raise StoreError(f"{root} is {state}: its documents are kept. If they are to go, run: attest ingest {root}")


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
