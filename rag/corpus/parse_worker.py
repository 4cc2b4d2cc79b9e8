"""The path of a file in, its document out, again and again, in a process that a hostile file may break.

`rag.corpus.parsing` runs it and says what the limits are. A frame, either way, is the sizes of a JSON object and of a
text, and both: a request tells a file, a reply what became of it. When the parent ends, so does this.
"""

import ctypes
import json
import os
import re
import resource
import signal
import struct
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.corpus.files import read_file
from rag.corpus.loading import Metadata, SourceFile, load
from rag.errors import DocumentError
from rag.types import Document

SIZES = struct.Struct(">II")  # bytes of the JSON object, bytes of the text
INFO = ("title", "publisher", "published", "published_basis", "authors", "language")
MOST_PLACES = 1_000_000

_OPEN_FILES = 64
_SPENT = 0.5  # of the memory allowed: a worker that still holds so much after a file would fail the next one for it
_GRACE_SECONDS = 5.0  # past the parent's deadline; then the parent is not there to keep it
_LONGEST_WORD = 500  # characters of a title or a failure: both may quote the file
_LONGEST_DETAIL = 4000
_MOST_WARNINGS = 20
_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
_UNSTORABLE = re.compile("[\ud800-\udfff\0]")  # UTF-8 has no lone surrogates; SQLite ends a text at the first NUL
_OUTWARD = frozenset(
    "socket.bind socket.connect socket.getaddrinfo socket.gethostbyname socket.sendmsg socket.sendto "
    "os.exec os.fork os.forkpty os.posix_spawn os.system pty.spawn subprocess.Popen".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading one file may take; MB are 2**20 bytes.

    `characters` is what one document may bring to the index without filling the parent's memory: 20 million are some
    250,000 sentences, whose vectors take 0.6 GB until they are written.
    """

    seconds: float = 60.0
    memory_mb: int = 1024
    file_mb: int = 100
    characters: int = 20_000_000


def main() -> None:
    """Answers requests from the socket at stdin until it is closed."""
    channel = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)  # what a library reads or prints is no part of the protocol
    os.dup2(nothing, 1)
    limits = Limits(**json.loads(sys.argv[1]))
    _confine(limits)
    _send(channel, {}, b"")
    while request := _receive(channel):
        signal.setitimer(signal.ITIMER_REAL, limits.seconds + _GRACE_SECONDS)  # SIGALRM ends even a C library
        reply, text = _answer(request, limits)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _send(channel, reply, text)
        if reply["spent"]:
            return


def _confine(limits: Limits) -> None:
    """Takes from this process what reading a file does not need. Limits that a platform lacks are not enforced there:
    macOS knows none on memory."""
    for kind, most in (
        (resource.RLIMIT_DATA, limits.memory_mb * 2**20),  # not AS: mapped libraries are no memory
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        allowed = resource.getrlimit(kind)[1]
        most = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        resource.setrlimit(kind, (most, most))
    if sys.platform == "linux":  # without it, a parse outlives a killed parent until its timer
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """No library written in Python may reach for the network or another program because a file says so."""
    if event in _OUTWARD:
        raise PermissionError(f"{event} while a file is read")


def _answer(request: Mapping[str, Any], limits: Limits) -> tuple[dict[str, Any], bytes]:
    """The reply to a request, with the document's text; `error` is in it when there is none."""
    file = SourceFile(Path(request["path"]), Path(request["root"]))
    try:
        told = Metadata(**request["told"]) if request["told"] else None
        document = load(file, read_file(file, max_mb=limits.file_mb), told)
        return _described(document, limits) | {"spent": _is_spent(limits)}, _storable(document.text).encode()
    except Exception as error:  # noqa: BLE001 - whatever a library makes of a hostile file, it is one that cannot be read
        detail = traceback.format_exc()[-_LONGEST_DETAIL:]
        starved = any(isinstance(cause, MemoryError) for cause in _chain(error))
        line = too_much_memory(limits) if starved else _line(error, file)
        may_pass = isinstance(error, ImportError) or any(isinstance(cause, OSError) for cause in _chain(error))
        spent = starved or _is_spent(limits)
        return {"error": line, "detail": detail, "may_pass": may_pass, "spent": spent}, b""


def too_much_memory(limits: Limits) -> str:
    return f"it needs more than {limits.memory_mb:,} MB to be read; split it, or raise ATTEST_PARSE_MEMORY_MB"


def _described(document: Document, limits: Limits) -> dict[str, Any]:
    if len(document.text) > limits.characters:
        raise DocumentError(f"its text is longer than {limits.characters:,} characters; split it")
    if len(document.places) > MOST_PLACES:
        raise DocumentError(f"it has more than {MOST_PLACES:,} pages, slides or rows; split it")
    said = {name: getattr(document.info, name) for name in INFO}
    return {
        "version": document.info.version,
        "info": {name: None if value is None else _cut(_storable(value)) for name, value in said.items()},
        "body_start": document.body_start,
        "warnings": [_shown(warning) for warning in document.warnings[:_MOST_WARNINGS]],
        "places": [(place.start, place.end, _storable(place.label)) for place in document.places],
    }


def _storable(text: str) -> str:
    """Of the same length, so that every offset holds."""
    return _UNSTORABLE.sub("\ufffd", text)


def _line(error: Exception, file: SourceFile) -> str:
    """What to tell the person who has the file: nothing of what a library says."""
    if isinstance(error, ImportError):
        return f"the reader of {file.path.suffix.lower()} files is not whole; install Attest anew"
    if not isinstance(error, DocumentError):
        return f"it is damaged, or no {file.path.suffix.lower()} file although its name says so; save it anew"
    return _shown(str(error))


def _shown(line: str) -> str:
    return _cut(" ".join("".join(letter if letter.isprintable() else " " for letter in line).split()))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_WORD else f"{text[: _LONGEST_WORD - 1]}…"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and those it arose from: a reader may have taken one for a damaged file."""
    while error is not None:
        yield error
        error = error.__context__


def _is_spent(limits: Limits) -> bool:
    """Whether too much of the memory is in use between files: what a library leaked, or freed and kept."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[5])
    except OSError:  # only Linux tells
        return False
    return pages * resource.getpagesize() > _SPENT * limits.memory_mb * 2**20


def _receive(channel: int) -> dict[str, Any] | None:
    """The next request; None when the parent has closed the socket, or is gone."""
    sizes = _read(channel, SIZES.size)
    if sizes is None:
        return None
    request = _read(channel, SIZES.unpack(sizes)[0])
    return None if request is None else json.loads(request)


def _read(channel: int, size: int) -> bytes | None:
    content = b""
    while len(content) < size:
        block = os.read(channel, size - len(content))
        if not block:
            return None
        content += block
    return content


def _send(channel: int, reply: Mapping[str, Any], text: bytes) -> None:
    head = json.dumps(reply).encode()
    for part in (SIZES.pack(len(head), len(text)) + head, text):
        view = memoryview(part)
        while view:
            view = view[os.write(channel, view) :]


if __name__ == "__main__":
    main()
