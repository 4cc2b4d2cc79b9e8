"""A file in, its lock out if nobody has it. The kernel lets go of it when the process ends, in whatever way."""

import fcntl
import os
from pathlib import Path


def lock_alone(file: Path, *, flags: int = os.O_RDONLY) -> int | None:
    """The file, opened with these flags and locked for nobody else until it is closed; None while it is another's.

    Raises:
        OSError: it cannot be opened; FileNotFoundError where it is not there and `flags` do not make it.
    """
    lock = os.open(file, flags, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
