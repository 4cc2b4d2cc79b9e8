"""Chunk vectors in, nearest chunk ids out: Chroma's one room.

Chroma is opened with telemetry off and no embedding function: a stored one can make chromadb <= 1.5.9 load remote
code (CVE-2026-45829), and our vectors are our own. Its client is thread-safe but not process-safe, so one writer
fills a folder that nobody reads yet, and readers never add to it.

Its graph is a matter of chance: two that are built of the same vectors differ, and may miss different neighbours. What
is found has the same cosines to the bit.
"""

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Self

import chromadb
import numpy as np
from chromadb.api import ClientAPI
from chromadb.api.client import Client
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings
from chromadb.errors import ChromaError, InternalError

from rag.index.disk import copy_file
from rag.protocols import Matrix, Vector

__all__ = ["ChromaError", "VectorIndex", "copy_vectors", "files_that_change"]

_DATABASE = "chroma.sqlite3"
_WRITTEN_GRAPH = "index_metadata.pickle"  # Chroma writes a graph, and this with it, from 1,000 vectors on

_COLLECTION = "chunks"
_CANDIDATES = 300  # that a search looks at: of 50 wanted it then finds 49.95, of Chroma's own 100 it finds 49
_MOST = 0.75  # of the chunks: Chroma takes 3 to 7 times as long to search among listed ones than among all
_opening = Lock()
"""chromadb 1.5 shares one system between all clients of a folder, and does not lock its making and stopping."""


class VectorIndex:
    """A Chroma folder that maps chunk ids to unit vectors under cosine distance."""

    def __init__(
        self, client: ClientAPI, collection: Collection, *, shadow: TemporaryDirectory[str] | None = None
    ) -> None:
        self._client = client
        self._collection = collection
        self._shadow = shadow
        self._size = collection.count()

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The index in `folder`, which may be on a read-only disk; a ChromaError if there is none."""
        shadow = None if _is_writable(folder) else _shadow(folder)
        client = _client(Path(shadow.name) if shadow else folder)
        try:
            return cls(client, client.get_collection(_COLLECTION, embedding_function=None), shadow=shadow)
        except ChromaError:
            _close(client)
            if shadow is not None:
                shadow.cleanup()
            raise

    @classmethod
    def create(cls, folder: Path) -> Self:
        client = _client(folder)
        collection = client.create_collection(
            _COLLECTION,
            embedding_function=None,
            configuration={"hnsw": {"space": "cosine", "ef_search": _CANDIDATES}},
        )
        return cls(client, collection)

    def __len__(self) -> int:
        return self._size

    def close(self) -> None:
        _close(self._client)
        if self._shadow is not None:
            self._shadow.cleanup()

    def add(self, ids: Sequence[int], vectors: Matrix) -> None:
        batch = self._client.get_max_batch_size()
        for start in range(0, len(ids), batch):
            self._collection.add(
                ids=[str(chunk_id) for chunk_id in ids[start : start + batch]],
                embeddings=np.ascontiguousarray(vectors[start : start + batch]),
            )
        self._size += len(ids)

    def remove(self, ids: Sequence[int]) -> None:
        batch = self._client.get_max_batch_size()
        for start in range(0, len(ids), batch):
            self._collection.delete(ids=[str(chunk_id) for chunk_id in ids[start : start + batch]])
        self._size -= len(ids)

    def search(self, vector: Vector, *, limit: int, among: frozenset[int] | None = None) -> list[tuple[int, float]]:
        """The nearest chunk ids with their cosines, best first; only those `among` when it is given."""
        if among is None:
            return self._nearest(vector, min(limit, self._size))
        limit = min(limit, len(among))
        if len(among) > _MOST * self._size:
            found = self._nearest(vector, min(2 * limit, self._size))
            left = [(chunk_id, cosine) for chunk_id, cosine in found if chunk_id in among]
            if len(left) >= limit:
                return left[:limit]
        return self._nearest(vector, limit, ids=[str(chunk_id) for chunk_id in among])

    def _nearest(self, vector: Vector, limit: int, *, ids: list[str] | None = None) -> list[tuple[int, float]]:
        if limit == 0:
            return []
        found = self._collection.query(
            query_embeddings=vector[np.newaxis], n_results=limit, ids=ids, include=["distances"]
        )
        assert found["distances"] is not None
        return [
            (int(chunk_id), 1.0 - distance)
            for chunk_id, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]


def _client(folder: Path) -> ClientAPI:
    with _opening:
        try:
            return chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))
        except (ValueError, AttributeError) as error:  # its own error, dressed up as a tenant that is missing
            raise InternalError(str(error.__context__ or error)) from error


def _close(client: ClientAPI) -> None:
    assert isinstance(client, Client)  # ClientAPI, what PersistentClient says it gives, has no close
    with _opening:
        client.close()


def _is_writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and os.access(folder / _DATABASE, os.W_OK)


def _shadow(folder: Path) -> TemporaryDirectory[str]:
    """A folder that Chroma can open in place of one it cannot write to: its own database, the same graph."""
    shadow = TemporaryDirectory(prefix="attest-chroma-")
    for path in folder.absolute().iterdir():
        if path.is_dir() and (path / _WRITTEN_GRAPH).exists():
            (Path(shadow.name) / path.name).symlink_to(path)
        elif path.is_dir():
            shutil.copytree(path, Path(shadow.name) / path.name)
    shutil.copyfile(folder / _DATABASE, Path(shadow.name) / _DATABASE)
    return shadow


def files_that_change(folder: Path) -> set[Path]:
    """What Chroma writes to even while an index is only read: its database, and a graph that it keeps in that."""
    return {folder / _DATABASE}.union(
        *(graph.iterdir() for graph in folder.iterdir() if graph.is_dir() and not (graph / _WRITTEN_GRAPH).exists())
    )


def copy_vectors(folder: Path, target: Path) -> None:
    """Copies a closed or merely read index. Even a reader's Chroma writes to its database, so that goes by backup."""
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns(f"{_DATABASE}*"), copy_function=copy_file)
    with (
        closing(sqlite3.connect(folder / _DATABASE, timeout=30)) as original,
        closing(sqlite3.connect(target / _DATABASE)) as copy,
    ):
        original.backup(copy)
