"""Files in, copies and flushed files out; an error of the disk in, one that says what to do about it out."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import AttestError, ConfigurationError, StoreError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)
# What SQLite and Chroma say instead of an errno, as their own errors:
_FULL_WORDS = ("database or disk is full", "no space left on device", "file too large", "disk quota exceeded")
_FORBIDDEN_WORDS = ("readonly database", "read-only file system", "permission denied")
_FAILING_WORDS = ("disk i/o error", "input/output error")
_NO_COPY_FILE_RANGE = (errno.ENOSYS, errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL)
_LEAST_FREE_BYTES = 2**16
_COPY_BYTES = 2**30  # at a time


@contextmanager
def disk_faults_explained(folder: Path) -> Iterator[None]:
    """What is written in the block goes to `folder`; if that fails, nothing of it was published.

    Raises:
        StoreError: the disk is full or fails.
        ConfigurationError: the folder may not be written to.
    """
    try:
        yield
    except AttestError:
        raise
    except Exception as error:
        explained = _explain(error, folder)
        if explained is None:
            raise
        raise explained from error


def copy_file(path: Path | str, target: Path | str) -> None:
    """Copies a file's content; on a file system that can, the two share their blocks until one is changed."""
    try:
        with Path(path).open("rb") as original, Path(target).open("wb") as copy:
            while os.copy_file_range(original.fileno(), copy.fileno(), _COPY_BYTES):
                continue
    except (AttributeError, OSError) as error:  # no such call on this system, or none for this file system
        if isinstance(error, OSError) and error.errno not in _NO_COPY_FILE_RANGE:
            raise
        shutil.copyfile(path, target)


def flush(path: Path) -> None:
    """Waits until a file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _explain(error: Exception, folder: Path) -> AttestError | None:
    number = None
    if isinstance(error, OSError):
        number, name = error.errno, error.filename
        if isinstance(name, str | bytes) and not Path(os.path.realpath(os.fsdecode(name))).is_relative_to(
            os.path.realpath(folder)
        ):
            return None  # something else was read or written
    said = str(error).casefold()
    fails = number == errno.EIO or any(words in said for words in _FAILING_WORDS)
    if number in _FULL or any(words in said for words in _FULL_WORDS) or (fails and _is_full(folder)):
        return StoreError(
            f"there is no room left to write to {folder} ({_words(error)}). Nothing was changed: what was published "
            "before is still served. Make room for a copy of the index, then run the command again."
        )
    if number in _FORBIDDEN or any(words in said for words in _FORBIDDEN_WORDS):
        return ConfigurationError(
            f"{folder} cannot be written to ({_words(error)}). What was published before can still be read. "
            "Give this user the right to write there, or choose another folder (the index: ATTEST_DATA_DIR)."
        )
    if fails:
        return StoreError(
            f"the disk under {folder} fails ({_words(error)}). Nothing was changed; look at the disk, or choose a "
            "folder on another (the index: ATTEST_DATA_DIR)."
        )
    return None


def _is_full(folder: Path) -> bool:
    """SQLite says of some writes that find no room that the disk fails."""
    try:
        return shutil.disk_usage(folder).free < _LEAST_FREE_BYTES
    except OSError:
        return False


def _words(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
