"""A `SourceFile` in, its bytes or their hash out: only of a regular file in its folder, and never more than allowed.

Nothing here waits for the other end of a pipe, follows a link out of the folder, or trusts the size that is told.
"""

import hashlib
import os
import stat
from collections.abc import Iterator

from rag.corpus.loading import SourceFile
from rag.errors import DocumentError

_BLOCK = 2**20  # bytes


def read_file(file: SourceFile, *, max_mb: int) -> bytes:
    """The bytes of the file, at most `max_mb` MiB.

    Raises:
        DocumentError: it is larger, no regular file, a link out of its folder, or not to be read.
    """
    return b"".join(_blocks(file, max_mb))


def hash_file(file: SourceFile, *, max_mb: int) -> str:
    """The SHA-256 of what `read_file` gives, in hex, with one MiB of it in memory; as in a document's `version`.

    Raises:
        DocumentError: as `read_file`.
    """
    digest = hashlib.sha256()
    for block in _blocks(file, max_mb):
        digest.update(block)
    return digest.hexdigest()


def _blocks(file: SourceFile, max_mb: int) -> Iterator[bytes]:
    try:
        # O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever. It means nothing to a regular file.
        descriptor = os.open(_inside(file), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            told = os.fstat(descriptor)
            if not stat.S_ISREG(told.st_mode):
                raise DocumentError("it is no file but a folder, a pipe, a socket or a device; remove it")
            left = max_mb * 2**20
            if told.st_size > left:
                raise _too_large(max_mb)
            while block := os.read(descriptor, _BLOCK):  # it may grow, and what /proc has says that it is empty
                left -= len(block)
                if left < 0:
                    raise _too_large(max_mb)
                yield block
        finally:
            os.close(descriptor)
    except OSError as error:
        raise DocumentError(f"it cannot be read: {error.strerror}") from None


def _inside(file: SourceFile) -> str:
    """Where the file really is: in its folder. A link within the folder is as good as a copy."""
    path, folder = os.path.realpath(file.path), os.path.realpath(file.folder)
    if os.path.commonpath((path, folder)) != folder:
        raise DocumentError("it is a link that leads out of its folder; put the file itself there")
    return path


def _too_large(max_mb: int) -> DocumentError:
    return DocumentError(f"it is larger than {max_mb:,} MB; split it, or raise ATTEST_MAX_FILE_MB")
