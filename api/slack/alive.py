"""A folder in, which of the processes that share it still run out.

Each holds a lock on a file of its own, which the system lets go when the process ends, however it ends. So nobody who
is only slow is taken for dead, and whoever was killed is known to be at once.
"""

import fcntl
import os
import secrets
from pathlib import Path


class Alive:
    """This process among the others: `name` is its own. `close` says that it ends."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.name = secrets.token_hex(8)
        self._file = os.open(self._path(self.name), os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def has_ended(self, name: str) -> bool:
        """Whether the process of that name has; once it has, it has for ever."""
        try:
            file = os.open(self._path(name), os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(file)
        self._path(name).unlink(missing_ok=True)
        return True

    def close(self) -> None:
        self._path(self.name).unlink(missing_ok=True)
        os.close(self._file)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"
