"""A data directory in, the right to be its one writer out, for as long as a block runs."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import IndexBusyError
from rag.file_lock import lock_alone

_POLL_SECONDS = 0.05


@contextmanager
def writer_lock(data_dir: Path, wait_seconds: float) -> Iterator[None]:
    """Holds `writer.lock`; the kernel lets go of it when the process dies in whatever way.

    Raises:
        IndexBusyError: another process holds it and does not let go within `wait_seconds`; the message names it.
    """
    file = data_dir / "writer.lock"
    deadline = time.monotonic() + wait_seconds
    while (lock := lock_alone(file, flags=os.O_RDWR | os.O_CREAT)) is None:
        if time.monotonic() >= deadline:
            raise IndexBusyError(
                f"process {file.read_text() or 'unknown'} is already writing to {data_dir}. "
                "Wait until it is done, then run the command again."
            )
        time.sleep(_POLL_SECONDS)
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(lock)
