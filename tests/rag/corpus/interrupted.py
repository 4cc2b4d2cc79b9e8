"""A sync that ends at its nth write: by a fault of the disk, or, as `python interrupted.py DATA DOCS N`, by SIGKILL."""

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import md5
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from rag.corpus.sync import Synchroniser
from rag.index.embedded import EmbeddedTexts
from rag.index.generations import Generations
from rag.index.library_draft import LibraryDraft
from rag.index.transfer import rebuild
from rag.index.vectors import VectorIndex
from rag.protocols import Matrix, Vector

DIMENSIONS = 16

WRITES = (
    *((LibraryDraft, name) for name in ("create", "add_document", "remove_document", "rename_documents")),
    *((VectorIndex, name) for name in ("create", "add", "remove")),
    (EmbeddedTexts, "vectors"),
    *(("rag.corpus.drafting", "copy_file"), ("rag.index.vectors", "copy_file"), ("rag.index.transfer", "copy_file")),
    ("rag.index.generations", "seal"),
    ("rag.index.generations", "flush"),
)
AFTER_PUBLISHING = ((EmbeddedTexts, "forget"), (Generations, "_delete_unread"))


class TextEmbedder:
    """A vector for each text that only that text has: as good as random, the same in every process."""

    name = "by-text"
    dimensions = DIMENSIONS

    def embed_documents(self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None) -> Matrix:
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> Vector:
        seed = int.from_bytes(md5(text.encode(), usedforsecurity=False).digest()[:8], "little")
        vector = np.random.default_rng(seed).standard_normal(DIMENSIONS)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


def synchroniser(data_dir: Path) -> Synchroniser:
    return Synchroniser(data_dir, embedder=TextEmbedder(), chunk_tokens=64, chunk_overlap_tokens=0)


@contextmanager
def at_write(number: int, act: Callable[[], None], points: Sequence[tuple[Any, str]] = WRITES) -> Iterator[None]:
    """Calls `act` before the write of that number, counted from 0."""
    left = [number]
    patches = []

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] == -1:
                act()
            return call(*arguments, **options)

        return counting

    for owner, name in points:
        place = sys.modules[owner] if isinstance(owner, str) else owner
        call = vars(place)[name]
        wrapped = classmethod(counted(call.__func__)) if isinstance(call, classmethod) else counted(call)
        patches.append(patch.object(place, name, wrapped))
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()


def no_room() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def main() -> None:
    data, docs, number = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    with at_write(number, lambda: os.kill(os.getpid(), signal.SIGKILL), (*WRITES, *AFTER_PUBLISHING)):
        if number % 5 == 0 and Generations(data).current() is not None:
            rebuild(data, embedding_model=TextEmbedder.name)
        else:
            synchroniser(data).sync([docs])


if __name__ == "__main__":
    main()
