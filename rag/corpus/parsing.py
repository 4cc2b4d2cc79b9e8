"""A `SourceFile` in, its `Document` out, read by a process of its own that is held to limits and may break.

What a hostile file does to a reader it does there: a crash, a loop or a bomb costs that process, which is started
anew, and gives one line that says why.
"""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from rag.corpus.loading import Metadata, SourceFile
from rag.corpus.parse_worker import MOST_PLACES, SIZES, Limits, too_much_memory
from rag.errors import ConfigurationError, DocumentError
from rag.types import Document, DocumentInfo, Place

_WORKER: Sequence[str] = ("-m", "rag.corpus.parse_worker")
_START_SECONDS = 60.0
_END_SECONDS = 1.0  # until a worker that has closed the socket has ended
_MOST_HEAD_BYTES = 64 * 2**20
_MOST_BYTES_A_CHARACTER = 4  # in UTF-8
# What a library may need to find its files and to read texts; keys and tokens stay out of a hostile file's reach.
_ENVIRONMENT = ("PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONUTF8")

_log = logging.getLogger(__name__)


class Parser:
    """Reads files one at a time, in a `with` block. Its worker starts with the first file and serves them all."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._worker: _Worker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_worker()

    def parse(self, file: SourceFile, told: Metadata | None = None) -> Document:
        """The document in the file as it is now; `told` is the sidecar's word. Its `version` is of the bytes read.

        Raises:
            DocumentError: it cannot be read, or not within the limits; the line says which, and what to do.
            ConfigurationError: no worker can be started.
        """
        if self._worker is None or not self._worker.is_ready:
            self._end_worker()
            self._worker = _Worker(self.limits)
        request = {"path": str(file.path), "root": str(file.root), "told": told and asdict(told)}
        try:
            head, text = self._worker.ask(request, seconds=self.limits.seconds)
            document = None if "error" in head else _document(file, head, text)
        except TimeoutError:
            self._end_worker()
            raise DocumentError(
                f"it takes longer than {self.limits.seconds:g} s to be read; split it, or raise ATTEST_PARSE_SECONDS"
            ) from None
        except (OSError, EOFError):
            raise DocumentError(self._cause_of_death()) from None
        except (ValueError, TypeError, KeyError, RecursionError):
            self._end_worker()
            raise DocumentError("the reader gave nothing usable for it; save it anew, or in another format") from None
        if head.get("spent"):
            self._end_worker()
        if document is None:
            _log.info("%s: %s", file.source, head.get("detail"))
            raise DocumentError(str(head["error"]), may_pass=bool(head.get("may_pass")))
        return document

    def _cause_of_death(self) -> str:
        code = self._end_worker(patience_seconds=_END_SECONDS)
        if code >= 0:
            return f"the reader broke off (exit code {code}); save it anew, or in another format"
        name = signal.Signals(-code).name
        if -code == signal.SIGABRT:  # how libraries written in C++ end when memory does
            return f"the reader broke off ({name}): it is damaged, or {too_much_memory(self.limits)}"
        return f"the reader broke off ({name}); save it anew, or in another format"

    def _end_worker(self, *, patience_seconds: float = 0.0) -> int:
        worker, self._worker = self._worker, None
        return worker.end(patience_seconds) if worker else 0


class _Worker:
    """The process and the socket to it."""

    def __init__(self, limits: Limits) -> None:
        """Started and waiting, or a ConfigurationError."""
        self._idle = True
        self._most_bytes = limits.characters * _MOST_BYTES_A_CHARACTER
        self._socket, its_end = socket.socketpair()
        try:
            # -P: a json.py among the documents, where this may have been started, is no module of ours. -B: it must
            # not write. Its paths are this process's own, so that both run the same code.
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-P", "-B", *_WORKER, json.dumps(asdict(limits))],
                stdin=its_end.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
                | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
                start_new_session=True,  # Ctrl-C is for the parent
            )
        except OSError as error:
            self._socket.close()
            raise ConfigurationError(f"The process that reads files cannot be started: {error.strerror}.") from None
        finally:
            its_end.close()
        try:
            self._receive(time.monotonic() + _START_SECONDS)
        except (OSError, EOFError, ValueError):
            self.end(_END_SECONDS)
            command = " ".join([sys.executable, *_WORKER])
            raise ConfigurationError(f"The process that reads files did not start. Try: {command} '{{}}'") from None

    @property
    def is_ready(self) -> bool:
        """Whether it lives and nothing is left of an exchange that was interrupted."""
        return self._idle and self._process.poll() is None

    def ask(self, request: Mapping[str, Any], *, seconds: float) -> tuple[dict[str, Any], str]:
        """The reply to a request.

        Raises:
            TimeoutError: it took longer than `seconds`.
            OSError, EOFError: the worker ended, or closed the socket.
            ValueError: it is no reply.
        """
        self._idle = False
        deadline = time.monotonic() + seconds
        content = json.dumps(request).encode()
        self._socket.settimeout(seconds)
        self._socket.sendall(SIZES.pack(len(content), 0) + content)
        reply = self._receive(deadline)
        self._idle = True
        return reply

    def end(self, patience_seconds: float = 0.0) -> int:
        """Its exit code, as `subprocess` has it. It holds nothing worth an orderly end."""
        self._socket.close()
        try:
            return self._process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _receive(self, deadline: float) -> tuple[dict[str, Any], str]:
        head_size, text_size = SIZES.unpack(self._read(SIZES.size, deadline))
        if head_size > _MOST_HEAD_BYTES or text_size > self._most_bytes:
            raise ValueError("longer than any reply")
        head = json.loads(self._read(head_size, deadline))
        if not isinstance(head, dict):
            raise TypeError("no object")
        return head, self._read(text_size, deadline).decode()

    def _read(self, size: int, deadline: float) -> bytearray:
        content = bytearray(size)
        view = memoryview(content)
        while view:
            self._socket.settimeout(max(deadline - time.monotonic(), 1e-3))
            got = self._socket.recv_into(view)
            if not got:
                raise EOFError
            view = view[got:]
        return content


def _document(file: SourceFile, head: Mapping[str, Any], text: str) -> Document:
    """The document a reply tells. A reader that a file has taken over may reply anything: TypeError, ValueError."""
    if not all(isinstance(value, str | None) for value in (head["version"], *head["info"].values(), *head["warnings"])):
        raise TypeError("no text")
    if not 0 <= head["body_start"] <= len(text) or len(head["places"]) > MOST_PLACES:
        raise ValueError("out of bounds")
    places = tuple(Place(*place) for place in head["places"])
    end = 0
    for place in places:
        if not (end <= place.start < place.end <= len(text) and isinstance(place.label, str)):
            raise ValueError("places out of order")
        end = place.end
    return Document(
        info=DocumentInfo(document_id=file.document_id, source=file.source, version=head["version"], **head["info"]),
        text=text,
        body_start=head["body_start"],
        places=places,
        warnings=tuple(head["warnings"]),
    )
