"""A library in; how many texts an ingest embedded for it, and what the local model computed for them, out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from tokenizers import Tokenizer

from eval.bench.roofline import embedding_operations
from rag.index.embedding import MAX_TOKENS, MODEL_FOLDER
from rag.index.library import Library
from rag.index.rows import StoredChunk
from rag.progress import Update

_BATCH = 500  # chunks


@dataclass(slots=True)
class Embedded:
    """Different texts: what comes twice is embedded once."""

    texts: int = 0
    tokens: int = 0
    operations: int = 0


def embedded(library: Library, *, dimensions: int, progress: Update) -> Embedded:
    """Counts the chunks, with their titles, and the sentences of a library."""
    tokenizer = Tokenizer.from_file(str(MODEL_FOLDER / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    total, seen, found, done = library.counts()["chunks"], set[bytes](), Embedded(), 0
    for ids, _ in library.vectors(dimensions=dimensions, batch=_BATCH):
        texts = list(_new(_texts(library.chunks(ids).values()), seen))
        for encoding in tokenizer.encode_batch_fast(texts):
            found.texts += 1
            found.tokens += len(encoding.ids)
            found.operations += embedding_operations(len(encoding.ids))
        done += len(ids)
        progress(done, total)
    return found


def _texts(chunks: Iterable[StoredChunk]) -> Iterator[str]:
    for chunk in chunks:
        yield f"{chunk.document.title}\n{chunk.text}" if chunk.document.title else chunk.text
        for sentence in chunk.sentences:
            yield chunk.text[sentence.start - chunk.start : sentence.end - chunk.start]


def _new(texts: Iterable[str], seen: set[bytes]) -> Iterator[str]:
    for text in texts:
        key = blake2b(text.encode(errors="surrogatepass"), digest_size=12).digest()
        if key not in seen:
            seen.add(key)
            yield text
