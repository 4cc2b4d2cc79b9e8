"""A data directory in, the right to be its one writer out, for as long as a block runs."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import IndexBusyError

_POLL_SECONDS = 0.05


@contextmanager
def writer_lock(data_dir: Path, wait_seconds: float) -> Iterator[None]:
    """Holds `writer.lock`; the kernel lets go of it when the process dies in whatever way.

    Raises:
        IndexBusyError: another process holds it and does not let go within `wait_seconds`; the message names it.
    """
    lock = os.open(data_dir / "writer.lock", os.O_RDWR | os.O_CREAT, 0o644)
    deadline = time.monotonic() + wait_seconds
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    holder = os.pread(lock, 32, 0).decode() or "unknown"
                    raise IndexBusyError(
                        f"process {holder} is already writing to {data_dir}. "
                        "Wait until it is done, then run the command again."
                    ) from None
                time.sleep(_POLL_SECONDS)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(lock)
