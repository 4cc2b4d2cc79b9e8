"""Settings in, working parts out: the one place that chooses concrete classes.

What answers is imported where it is made: an ingest does without it, and a small one is mostly imports.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rag.corpora import Corpora
from rag.corpus.parse_worker import Limits
from rag.corpus.sync import Synchroniser
from rag.index.embedding import LocalEmbedder
from rag.index.reader import IndexReader
from rag.protocols import ChatModel, Embedder, Reader
from rag.settings import Settings, load_settings, settings_of_corpus

if TYPE_CHECKING:
    from rag.answering.investigation import Investigator
    from rag.chatbot import Chatbot
    from rag.index.transfer import RebuildReport
    from rag.openai_models import Deadlines, OpenAIChatModel

_LOCAL_MODEL = "all-MiniLM-L6-v2"
_CONVERSATIONS = "conversations.sqlite"


def open_chatbot(data_dir: Path | str | None = None, *, settings: Settings | None = None) -> "Chatbot":
    """A chatbot over `data_dir`, or over the one in the settings.

    Raises:
        ConfigurationError: a setting is unusable.
    """
    settings = settings or load_settings()
    return _chatbot_opener(settings, _chat_model(settings))(Path(data_dir or settings.data_dir))


def open_corpora(settings: Settings | None = None) -> Corpora:
    """The corpora of the settings' data directory, which share the local models and the chat model.

    Raises:
        ConfigurationError: a setting is unusable.
    """
    settings = settings or load_settings()
    model = _chat_model(settings)
    return Corpora(
        settings.data_dir,
        open_chatbot=_chatbot_opener(settings, model),
        reach_model=model.reach if model else None,
    )


def make_investigator(
    settings: Settings, *, embedder: Embedder | None = None, reader: Reader | None = None
) -> "Investigator":
    """What finds, reads and decides, for every engine that answers; with models that are shared, where given."""
    from rag.answering.investigation import Investigator
    from rag.reader import LocalReader

    return Investigator(
        embedder=embedder or make_embedder(settings),
        reader=reader or LocalReader(),
        passages=settings.passages,
        least_confidence=settings.least_confidence,
    )


def open_synchroniser(data_dir: Path | str | None = None, *, settings: Settings | None = None) -> Synchroniser:
    """What `attest ingest` runs, over `data_dir` or the settings' own."""
    settings = settings or load_settings()
    folder = Path(data_dir or settings.data_dir)
    settings = settings_of_corpus(settings, folder)
    return Synchroniser(
        folder,
        embedder=make_embedder(settings),
        chunk_tokens=settings.chunk_tokens,
        chunk_overlap_tokens=settings.chunk_overlap_tokens,
        keep_versions_days=settings.keep_versions_days,
        limits=Limits(seconds=settings.parse_seconds, memory_mb=settings.parse_memory_mb, file_mb=settings.max_file_mb),
    )


def export_corpus(file: Path, data_dir: Path, *, force: bool) -> int:
    """What `attest export` runs; how many documents were written to `file`.

    Raises:
        ConfigurationError: the file is there already and `force` is not set, is of no known kind, or cannot be written.
        StoreError: nothing is indexed, or what is there is damaged.
    """
    from rag.index.transfer import export

    return export(data_dir, file, force=force)


def rebuild_corpus(data_dir: Path, *, source: Path | None, settings: Settings) -> "RebuildReport":
    """What `attest rebuild` runs: a new generation, from the library of the last or from an exported one.

    Raises:
        ConfigurationError: `source` is no export.
        IndexMismatchError: it, or the index, was made with another embedding model or schema.
        IndexBusyError, StoreError: as `Synchroniser.sync`.
    """
    from rag.index.transfer import rebuild

    embedder = make_embedder(settings_of_corpus(settings, data_dir))
    return rebuild(data_dir, embedding_model=embedder.name, source=source)


def make_embedder(settings: Settings) -> Embedder:
    """The local model, or the one of that name behind the OpenAI API.

    Raises:
        ConfigurationError: neither a key nor an address of such a service is set, or the dimensions are not known.
    """
    if settings.embedding_model == _LOCAL_MODEL:
        return LocalEmbedder(threads=settings.embedding_threads)
    from rag.openai_models import OpenAIEmbedder  # the vendor's package takes a second to import

    return OpenAIEmbedder(
        settings.embedding_model,
        api_key=_api_key(settings),
        base_url=settings.openai_base_url,
        deadlines=_deadlines(settings),
        dimensions=settings.embedding_dimensions,
    )


def make_chat_model(name: str, settings: Settings) -> "OpenAIChatModel":
    """The model of that name of OpenAI, or of the compatible service at `OPENAI_BASE_URL`.

    Raises:
        ConfigurationError: neither a key nor an address is set.
    """
    from rag.openai_models import OpenAIChatModel  # the vendor's package takes a second to import

    return OpenAIChatModel(
        name, api_key=_api_key(settings), base_url=settings.openai_base_url, deadlines=_deadlines(settings)
    )


def describe_index(data_dir: Path | str | None = None, *, settings: Settings | None = None) -> dict[str, object]:
    """What `attest status` shows: counts, generation, models and sizes; counts are 0 before the first ingest."""
    settings = settings or load_settings()
    folder = Path(data_dir or settings.data_dir)
    settings = settings_of_corpus(settings, folder)
    embedder = make_embedder(settings)
    reader = IndexReader(folder, embedding_model=embedder.name)
    try:
        with reader.use() as index:
            counts = index.library.counts() if index else {"documents": 0, "chunks": 0, "sentences": 0}
            versions = index.library.count_versions() if index else 0
            return {
                "data_dir": str(folder.resolve()),
                "generation": index.number if index else None,
                **counts,
                "earlier_versions": versions,
                "roots": list(index.manifest.roots) if index else [],
                "embedding_model": embedder.name,
                "chat_model": settings.chat_model,
                "chunk_tokens": index.manifest.chunk_tokens if index else settings.chunk_tokens,
                "size_bytes": _size(index.folder) if index else 0,
                "warning": reader.warning,
            }
    finally:
        reader.close()


def _chat_model(settings: Settings) -> "OpenAIChatModel | None":
    from rag.answering.extractive import MODEL

    return make_chat_model(settings.chat_model, settings) if settings.chat_model != MODEL else None


def _chatbot_opener(settings: Settings, model: ChatModel | None) -> "Callable[[Path], Chatbot]":
    """What opens a chatbot over a folder; all that it opens share their models."""
    from rag.answering.generation.prompts import Room
    from rag.chatbot import Chatbot
    from rag.conversations import ConversationStore
    from rag.reader import LocalReader

    reader = LocalReader()
    embedders = {_embedding(settings): make_embedder(settings)}

    def open_folder(folder: Path) -> "Chatbot":
        own = settings_of_corpus(settings, folder)
        if _embedding(own) not in embedders:
            embedders[_embedding(own)] = make_embedder(own)
        investigator = make_investigator(own, embedder=embedders[_embedding(own)], reader=reader)
        return Chatbot(
            reader=IndexReader(folder, embedding_model=investigator.embedder.name),
            investigator=investigator,
            conversations=ConversationStore(folder / _CONVERSATIONS),
            model=model,
            room=Room(window=settings.model_window_tokens, answer=settings.model_answer_tokens),
        )

    return open_folder


def _embedding(settings: Settings) -> tuple[str, int]:
    return settings.embedding_model, settings.embedding_dimensions


def _api_key(settings: Settings) -> str | None:
    return settings.openai_api_key.get_secret_value() if settings.openai_api_key else None


def _deadlines(settings: Settings) -> "Deadlines":
    from rag.openai_models import Deadlines

    return Deadlines(
        connect_seconds=settings.model_connect_seconds,
        first_token_seconds=settings.model_first_token_seconds,
        answer_seconds=settings.model_answer_seconds,
    )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
