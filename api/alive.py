"""A folder in, which of the processes that share it still run out.

Each holds a lock on a file of its own, which the system lets go when the process ends, however it ends. So nobody who
is only slow is taken for dead, and whoever was killed is known to be at once.
"""

import fcntl
import os
import secrets
from pathlib import Path

from rag.file_lock import lock_alone

_NAME_BYTES = 8
NAME_CHARS = 2 * _NAME_BYTES


class Alive:
    """This process among the others: `name`, of `NAME_CHARS`, is its own. `close` says that it ends."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.name = secrets.token_hex(_NAME_BYTES)
        self._file = os.open(_path(self.name, folder), os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def has_ended(self, name: str) -> bool:
        """Whether the process of that name has."""
        return has_ended(name, self._folder)

    def close(self) -> None:
        _path(self.name, self._folder).unlink(missing_ok=True)
        os.close(self._file)


def has_ended(name: str, folder: Path) -> bool:
    """Whether the process of that name among those that share the folder has; once it has, it has for ever."""
    path = _path(name, folder)
    try:
        lock = lock_alone(path, flags=os.O_RDWR)
    except FileNotFoundError:
        return True
    if lock is None:
        return False
    os.close(lock)
    path.unlink(missing_ok=True)
    return True


def _path(name: str, folder: Path) -> Path:
    return folder / f"{name}.lock"
