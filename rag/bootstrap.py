"""Settings in, working parts out: the one place that chooses concrete classes."""

from pathlib import Path

from rag.answering.extractive import MODEL
from rag.answering.investigation import Investigator
from rag.chatbot import Chatbot
from rag.corpus.sync import Synchroniser
from rag.errors import ConfigurationError
from rag.index.embedding import LocalEmbedder
from rag.index.reader import IndexReader
from rag.protocols import ChatModel, Embedder
from rag.reader import LocalReader
from rag.settings import Settings, load_settings

_LOCAL_MODEL = "all-MiniLM-L6-v2"


def open_chatbot(data_dir: Path | str | None = None, *, settings: Settings | None = None) -> Chatbot:
    """A chatbot over `data_dir`, or over the one in the settings.

    Raises:
        ConfigurationError: a setting names something that does not exist.
    """
    settings = settings or load_settings()
    if settings.chat_model != MODEL:
        raise ConfigurationError(
            f"ATTEST_CHAT_MODEL is {settings.chat_model!r}; this version answers with 'extractive' only. Unset it."
        )
    investigator = make_investigator(settings)
    return Chatbot(
        reader=IndexReader(Path(data_dir or settings.data_dir), embedding_model=investigator.embedder.name),
        investigator=investigator,
    )


def make_investigator(settings: Settings) -> Investigator:
    """What finds, reads and decides, for every engine that answers."""
    return Investigator(
        embedder=make_embedder(settings),
        reader=LocalReader(),
        passages=settings.passages,
        least_confidence=settings.least_confidence,
    )


def open_synchroniser(data_dir: Path | str | None = None, *, settings: Settings | None = None) -> Synchroniser:
    """What `attest ingest` runs, over `data_dir` or the settings' own."""
    settings = settings or load_settings()
    return Synchroniser(
        Path(data_dir or settings.data_dir),
        embedder=make_embedder(settings),
        chunk_tokens=settings.chunk_tokens,
        chunk_overlap_tokens=settings.chunk_overlap_tokens,
    )


def make_embedder(settings: Settings) -> Embedder:
    if settings.embedding_model != _LOCAL_MODEL:
        raise ConfigurationError(
            f"ATTEST_EMBEDDING_MODEL is {settings.embedding_model!r}; this version embeds with {_LOCAL_MODEL!r} only. "
            "Unset it."
        )
    return LocalEmbedder(threads=settings.embedding_threads)


def make_chat_model(name: str, settings: Settings) -> ChatModel:
    """The model of that name of OpenAI, or of the compatible service at `OPENAI_BASE_URL`.

    Raises:
        ConfigurationError: neither a key nor an address is set.
    """
    from rag.openai_models import OpenAIChatModel  # the vendor's package takes a second to import

    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
    return OpenAIChatModel(name, api_key=key, base_url=settings.openai_base_url)


def describe_index(data_dir: Path | str | None = None, *, settings: Settings | None = None) -> dict[str, object]:
    """What `attest status` shows: counts, generation, models and sizes; counts are 0 before the first ingest."""
    settings = settings or load_settings()
    folder = Path(data_dir or settings.data_dir)
    embedder = make_embedder(settings)
    reader = IndexReader(folder, embedding_model=embedder.name)
    try:
        with reader.use() as index:
            counts = index.library.counts() if index else {"documents": 0, "chunks": 0, "sentences": 0}
            return {
                "data_dir": str(folder.resolve()),
                "generation": index.number if index else None,
                **counts,
                "roots": list(index.manifest.roots) if index else [],
                "embedding_model": embedder.name,
                "chat_model": settings.chat_model,
                "chunk_tokens": index.manifest.chunk_tokens if index else settings.chunk_tokens,
                "size_bytes": _size(index.folder) if index else 0,
            }
    finally:
        reader.close()


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
