"""A generation's folder in, the right to read it out; and its end, once nobody has that.

Readers hold a shared flock on the folder's `in-use`. Locks are the kernel's, so a killed process lets go of them.
"""

import fcntl
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from rag.errors import StoreError
from rag.file_lock import lock_alone
from rag.index.integrity import check_seal
from rag.types import Manifest

IN_USE = "in-use"
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to read one generation's folder until `close`."""

    number: int
    folder: Path
    _lock: int

    def manifest(self) -> Manifest:
        """What the generation is made of.

        Raises:
            StoreError: that cannot be read.
        """
        path = self.folder / MANIFEST
        try:
            return Manifest.from_dict(json.loads(path.read_text()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(f"{path} is damaged ({error})") from None

    def check(self) -> Manifest:
        """The manifest, once every file was found to be as it was sealed; `rag.index.integrity` says how sure that is.

        Raises:
            StoreError: one is not.
        """
        manifest = self.manifest()
        check_seal(self.folder, manifest.files)
        return manifest

    def close(self) -> None:
        os.close(self._lock)


def take_lease(folder: Path) -> Lease | None:
    """A lease on the generation in `folder`; None where there is none, or it is just being deleted."""
    try:
        lock = os.open(folder / IN_USE, os.O_RDONLY)
    except FileNotFoundError:
        return None
    fcntl.flock(lock, fcntl.LOCK_SH)
    if (folder / IN_USE).exists():
        return Lease(int(folder.name), folder, lock)
    os.close(lock)
    return None


def is_leased(folder: Path) -> bool:
    """Whether somebody reads the generation in `folder`."""
    try:
        lock = lock_alone(folder / IN_USE)
    except FileNotFoundError:
        return False
    if lock is not None:
        os.close(lock)
    return lock is None


def delete_unless_leased(folder: Path) -> None:
    """Deletes the generation in `folder`, unless somebody reads it: then a later writer will."""
    try:
        lock = lock_alone(folder / IN_USE)
    except FileNotFoundError:  # it died before it had the file, or while it was deleted
        shutil.rmtree(folder)
        return
    if lock is None:
        return
    try:
        (folder / IN_USE).unlink()  # first, so that a reader who waits here sees that it is gone
        shutil.rmtree(folder)
    finally:
        os.close(lock)
