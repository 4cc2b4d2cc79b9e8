"""A data directory in, its corpora by name out: each a folder with an index, conversations and uploads of its own.

The default corpus is the data directory itself; the others lie in `corpora/NAME` in it.
"""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from rag.errors import ConfigurationError, CorpusNotFoundError

if TYPE_CHECKING:  # the command line takes names from here, and `attest --help` loads no engine
    from rag.chatbot import Chatbot

DEFAULT_CORPUS = "default"

_FOLDER = "corpora"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Reach(Protocol):
    """Asks whether a chat model can be reached; raises ModelError where not."""

    def __call__(self, *, within_seconds: float) -> Awaitable[None]: ...


def check_name(name: str) -> str:
    """`name`, if a corpus may be called that.

    Raises:
        ConfigurationError: it may not.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} cannot name a corpus: use at most 64 of a-z, 0-9, - and _, a letter or digit first"
        )
    return name


def corpus_folder(data_dir: Path, name: str) -> Path:
    """Where the corpus of that name is kept, whether or not there is one.

    Raises:
        ConfigurationError: no corpus may be called that.
    """
    return data_dir if check_name(name) == DEFAULT_CORPUS else data_dir / _FOLDER / name


def corpus_names(data_dir: Path) -> list[str]:
    """The default corpus, then the others of a data directory in the order of the alphabet."""
    folder = data_dir / _FOLDER
    others = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    return [DEFAULT_CORPUS, *(name for name in others if _NAME.fullmatch(name) and name != DEFAULT_CORPUS)]


def no_such_corpus(name: str) -> CorpusNotFoundError:
    """What is said of a corpus that is not there, and of one that is not the asker's."""
    return CorpusNotFoundError(f"there is no corpus {name!r}; to make one: attest ingest PATH --corpus NAME")


class Corpora:
    """The corpora of one data directory; each is opened when it is first asked for, and stays open."""

    def __init__(
        self, data_dir: Path, *, open_chatbot: "Callable[[Path], Chatbot]", reach_model: Reach | None = None
    ) -> None:
        self._data_dir = data_dir
        self._open_chatbot = open_chatbot
        self._opened: dict[str, Chatbot] = {}
        self._opening = Lock()
        self.reach_model = reach_model

    def get(self, name: str = DEFAULT_CORPUS) -> "Chatbot":
        """The chatbot over that corpus.

        Raises:
            CorpusNotFoundError: there is none of that name.
        """
        folder = self.folder(name)
        with self._opening:
            if name not in self._opened:
                self._opened[name] = self._open_chatbot(folder)
            return self._opened[name]

    def folder(self, name: str = DEFAULT_CORPUS) -> Path:
        """Where that corpus is kept.

        Raises:
            CorpusNotFoundError: there is none of that name.
        """
        if name not in self.names():
            raise no_such_corpus(name)
        return corpus_folder(self._data_dir, name)

    def names(self) -> list[str]:
        """The default corpus, then the others in the order of the alphabet."""
        return corpus_names(self._data_dir)

    def opened(self) -> list[str]:
        """The names of those that were asked for."""
        with self._opening:
            return sorted(self._opened)

    def close(self) -> None:
        """Closes all that was opened."""
        with self._opening:
            for chatbot in self._opened.values():
                chatbot.close()
            self._opened.clear()
