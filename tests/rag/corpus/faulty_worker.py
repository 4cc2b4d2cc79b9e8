"""The worker of `rag.corpus.parsing` with readers that fail as libraries do; given a word, one that breaks protocol."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from rag.corpus import loading, parse_worker
from rag.corpus.loading import Content, Metadata
from rag.errors import DocumentError
from rag.types import Place


def main() -> None:
    if len(sys.argv) == 2:
        loading.READERS = {**loading.READERS, **{f".{name}": read for name, read in READERS.items()}}
        parse_worker.main()
        return
    breach = sys.argv[1]
    if breach == "mute":
        time.sleep(60)
    if breach == "stillborn":
        sys.exit(3)
    send(b"{}")
    if breach == "asleep":  # dies between two files
        sys.exit(0)
    os.read(0, 2**16)
    BREACHES[breach]()


def send(head: bytes, text: bytes = b"", *, head_size: int | None = None, text_size: int | None = None) -> None:
    sizes = (len(head) if head_size is None else head_size, len(text) if text_size is None else text_size)
    os.write(0, parse_worker.SIZES.pack(*sizes) + head + text)


def reply(**changed: object) -> bytes:
    info = dict.fromkeys(parse_worker.INFO)
    return json.dumps({"version": "v", "info": info, "body_start": 0, "places": [], "warnings": [], **changed}).encode()


def trickle() -> None:
    os.write(0, parse_worker.SIZES.pack(1000, 0))
    while True:
        os.write(0, b" ")
        time.sleep(0.05)


def linger(content: bytes) -> None:
    os.write(0, content)
    time.sleep(60)


BREACHES: dict[str, Callable[[], object]] = {
    "silent": lambda: time.sleep(60),
    "trickling": trickle,
    "half a size": lambda: linger(b"\0\0\0"),
    "half a head": lambda: linger(parse_worker.SIZES.pack(100, 0) + b'{"ver'),
    "half a text": lambda: send(reply(), b"text", text_size=100),
    "nothing": lambda: None,
    "noise": lambda: linger(b"Traceback (most recent call last)"),
    "no json": lambda: send(b"\xff\xfe{"),
    "deep json": lambda: send(b"[" * 100_000),
    "list": lambda: send(b"[]"),
    "empty": lambda: send(b"{}"),
    "no utf-8": lambda: send(reply(), b"\xff\xff"),
    "endless": lambda: send(reply(), text_size=2**32 - 1),
    "number for a title": lambda: send(reply(info={"title": 3}), b"text"),
    "unknown key": lambda: send(reply(info={"source": "other.txt"}), b"text"),
    "places": lambda: send(reply(places=[[2, 3, "b"], [0, 1, "a"]]), b"text"),
    "place outside": lambda: send(reply(places=[[0, 5, "a"]]), b"text"),
    "body outside": lambda: send(reply(body_start=5), b"text"),
    "body of text": lambda: send(reply(body_start="1"), b"text"),
}


def text(content: object) -> Content:
    return Content(str(content), Metadata())


def swallow(content: bytes) -> Content:
    try:
        return eat(content)
    except MemoryError:
        raise DocumentError("it is damaged") from None


def eat(content: bytes) -> Content:
    held = []
    while True:
        held.append(bytearray(2**20))


def leak(content: bytes) -> Content:
    LEAKED.append(bytearray(150 * 2**20))
    return text(os.getpid())


def crash(content: bytes) -> Content:
    signal.raise_signal(signal.SIGSEGV)
    return text("alive")


def spin(content: bytes) -> Content:
    while True:
        pass


def pause_in_c(content: bytes) -> Content:
    ctypes.PyDLL(None).usleep(60_000_000)  # with the interpreter's lock held, as a library's loop would
    return text("late")


def stray_print(content: bytes) -> Content:
    print("noise" * 100_000)  # noqa: T201
    os.write(1, b"noise")
    sys.stderr.write("noise" * 100_000)
    return text(f"stdin said {os.read(0, 10)!r}")


def connect(content: bytes) -> Content:
    socket.create_connection(("127.0.0.1", int(content)), timeout=1)
    return text("connected")


def start(content: bytes) -> Content:
    subprocess.run(["/usr/bin/touch", content.decode()], check=True)
    return text("started")


def write(content: bytes) -> Content:
    Path(content.decode()).write_bytes(b"written" * 100_000)
    return text("written")


def fail(content: bytes) -> Content:
    raise KeyError(f"no such thing as {content!r}")


def chatter(content: bytes) -> Content:
    raise DocumentError("it says\n\x1b[31m" + "x" * 10_000)


READERS: dict[str, Callable[[bytes], Content]] = {
    "pid": lambda content: text(os.getpid()),
    "environment": lambda content: text(json.dumps(dict(os.environ))),
    "descriptors": lambda content: text(len([*Path("/proc/self/fd").iterdir()])),
    "modules": lambda content: text(" ".join(sys.modules)),
    "segv": crash,
    "abrt": lambda content: text(os.abort()),
    "exit": lambda content: text(os._exit(7)),
    "eat": eat,
    "swallow": swallow,
    "leak": leak,
    "import": lambda content: text(import_module("rag.corpus.formats.none")),
    "warn": lambda content: Content("text", Metadata(), warnings=("page 1 has\n no text",) * 100),
    "spin": spin,
    "clib": pause_in_c,
    "print": stray_print,
    "connect": connect,
    "start": start,
    "write": write,
    "fail": fail,
    "chatter": chatter,
    "long": lambda content: text("x" * 1_000_001),
    "surrogates": lambda content: Content(
        "a\ud800b\0c", Metadata(title="t\udc00", authors="n" * 1000), places=(Place(0, 5, "s\udfff"),)
    ),
    "crowded": lambda content: Content("x" * 1_000_001, Metadata(), places=(Place(0, 1, "p"),) * 1_000_001),
    "backwards": lambda content: Content("text", Metadata(), places=(Place(2, 3, "b"), Place(0, 1, "a"))),
}
LEAKED: list[bytearray] = []

if __name__ == "__main__":
    main()
