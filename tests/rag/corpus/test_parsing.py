"""`rag.corpus.parsing`: what a file does to the process that reads it stays there, and is told in one line."""

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.corpus import parsing
from rag.corpus.files import hash_file, read_file
from rag.corpus.loading import Metadata, SourceFile, list_files, load
from rag.corpus.parse_worker import Limits
from rag.corpus.parsing import Parser
from rag.errors import ConfigurationError, DocumentError
from rag.types import Document

WORKER = str(Path(__file__).with_name("faulty_worker.py"))
LIMITS = Limits(seconds=2.0, memory_mb=256, file_mb=1, characters=1_000_000)


@pytest.fixture
def parser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Parser]:
    """One whose worker also has readers that fail, each for a suffix."""
    monkeypatch.setattr(parsing, "_WORKER", (WORKER,))
    with Parser(LIMITS) as parser:
        yield parser


def written(folder: Path, name: str, content: str | bytes = "Some text.") -> SourceFile:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return SourceFile(path, folder)


def parsed(parser: Parser, folder: Path, suffix: str, content: str = "Some text.") -> Document:
    return parser.parse(written(folder, f"a.{suffix}", content))


def refusal(parser: Parser, file: SourceFile) -> str:
    """Why it is refused; then a good file is still read."""
    with pytest.raises(DocumentError) as caught:
        parser.parse(file)
    good = written(file.path.parent, "good.txt", "The otter eats clams.")
    assert parser.parse(good).text == "The otter eats clams."
    return str(caught.value)


def ended(pid: int, within_seconds: float = 5.0) -> bool:
    """Whether the process is gone, or but a zombie of somebody else."""
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


# --- what comes out


@pytest.mark.parametrize("content", ["Plain.", "# Heading\r\n\r\nÜnïcode 🎉\u2028.", "---\ntitle: T\n---\nBody."])
def test_document_is_what_loading_makes_of_the_bytes(tmp_path: Path, content: str) -> None:
    file = written(tmp_path, "a.md", content)
    told = Metadata(publisher="The Press", published="2025-09", published_basis="supplied")
    with Parser() as parser:
        assert parser.parse(file) == load(file, content.encode())
        assert parser.parse(file, told) == load(file, content.encode(), told)


def test_version_is_that_of_the_bytes_read_and_what_hash_file_says(tmp_path: Path) -> None:
    file = written(tmp_path, "a.txt", "Some text." * 200_000)
    with Parser() as parser:
        version = parser.parse(file).info.version
    assert version == f"sha256:{hashlib.sha256(file.path.read_bytes()).hexdigest()}"
    assert version == f"sha256:{hash_file(file, max_mb=100)}"


def test_names_of_any_characters_are_read(tmp_path: Path) -> None:
    names = [
        "a b.txt",
        "ü🎉.txt",
        "'; rm -rf $(x) \n.txt",
        "-rf.txt",
        "\u202egnp.txt",
        "%s{0}\\.txt",
        "x" * 251 + ".txt",
    ]
    with Parser(LIMITS) as parser:
        for name in names:
            assert parser.parse(written(tmp_path, name)).info.source == name


def test_name_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    with Parser(LIMITS) as parser:
        assert refusal(parser, written(tmp_path, os.fsdecode(b"\xff.txt"))) == "its name is not UTF-8; rename it"


def test_what_cannot_be_stored_is_replaced_and_offsets_hold(parser: Parser, tmp_path: Path) -> None:
    document = parsed(parser, tmp_path, "surrogates")
    assert document.text == "a\ufffdb\ufffdc"
    assert [(place.start, place.end, place.label) for place in document.places] == [(0, 5, "s\ufffd")]
    assert document.info.title == "t\ufffd"
    assert document.info.authors == "n" * 499 + "…"


def test_warnings_are_lines_and_few(parser: Parser, tmp_path: Path) -> None:
    assert parsed(parser, tmp_path, "warn").warnings == ("page 1 has no text",) * 20


def test_one_worker_serves_all_files(parser: Parser, tmp_path: Path) -> None:
    assert parsed(parser, tmp_path, "pid").text == parsed(parser, tmp_path, "pid").text != str(os.getpid())


# --- limits


@pytest.mark.parametrize("suffix", ["spin", "clib"])
def test_reader_that_does_not_end_is_killed(parser: Parser, tmp_path: Path, suffix: str) -> None:
    started = time.monotonic()
    line = refusal(parser, written(tmp_path, f"a.{suffix}"))
    assert line == "it takes longer than 2 s to be read; split it, or raise ATTEST_PARSE_SECONDS"
    assert time.monotonic() - started < 4


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's memory")
@pytest.mark.parametrize("suffix", ["eat", "swallow"])
def test_reader_that_takes_all_memory_is_stopped(parser: Parser, tmp_path: Path, suffix: str) -> None:
    line = refusal(parser, written(tmp_path, f"a.{suffix}"))
    assert line == "it needs more than 256 MB to be read; split it, or raise ATTEST_PARSE_MEMORY_MB"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's memory")
def test_worker_that_keeps_much_memory_is_replaced(parser: Parser, tmp_path: Path) -> None:
    assert parsed(parser, tmp_path, "leak").text != parsed(parser, tmp_path, "leak").text


def test_text_beyond_the_limit_is_refused(parser: Parser, tmp_path: Path) -> None:
    assert refusal(parser, written(tmp_path, "a.long")) == "its text is longer than 1,000,000 characters; split it"


def test_more_places_than_a_reply_may_hold_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(parsing, "_WORKER", (WORKER,))
    with Parser() as parser:
        line = refusal(parser, written(tmp_path, "a.crowded"))
    assert line == "it has more than 1,000,000 pages, slides or rows; split it"


def test_file_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    file = written(tmp_path, "a.txt")
    os.truncate(file.path, 2**40)
    line = "it is larger than 1 MB; split it, or raise ATTEST_MAX_FILE_MB"
    with Parser(LIMITS) as parser:
        assert refusal(parser, file) == line
    with pytest.raises(DocumentError, match=re.escape(line)):
        hash_file(file, max_mb=1)
    os.truncate(file.path, 2**20)
    assert len(read_file(file, max_mb=1)) == 2**20


def test_file_that_grows_beyond_its_told_size_is_not_read_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "a.txt", b"x" * (2**20 + 1))
    small = written(tmp_path, "b.txt").path.stat()
    monkeypatch.setattr(os, "fstat", lambda descriptor: small)
    with pytest.raises(DocumentError, match="it is larger than 1 MB"):
        read_file(file, max_mb=1)


# --- what is no file


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "folder.txt").mkdir()
    with socket.socket(socket.AF_UNIX) as server, Parser(LIMITS) as parser:
        server.bind(str(tmp_path / "socket.txt"))
        for name in ("pipe.txt", "folder.txt"):
            line = refusal(parser, SourceFile(tmp_path / name, tmp_path))
            assert line == "it is no file but a folder, a pipe, a socket or a device; remove it"
        assert "it cannot be read" in refusal(parser, SourceFile(tmp_path / "socket.txt", tmp_path))
    with pytest.raises(DocumentError, match="it is no file but"):
        read_file(SourceFile(Path("/dev/zero"), Path("/dev/zero")), max_mb=1)


def test_file_that_is_gone_or_closed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    with Parser(LIMITS) as parser:
        for name, why in (("gone.txt", "No such file or directory"), ("loop.txt", "symbolic links")):
            assert why in refusal(parser, SourceFile(tmp_path / name, tmp_path))


def test_links_are_followed_inside_the_folder_only(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "sub").mkdir(parents=True)
    secret = written(tmp_path, "secret.txt", "Secret.").path
    written(docs, "a.txt", "Inside.")
    (docs / "sub" / "in.txt").symlink_to("../a.txt")
    (docs / "out.txt").symlink_to(secret)
    (docs / "hop.txt").symlink_to("out.txt")
    (tmp_path / "docs-2").mkdir()
    (docs / "beside.txt").symlink_to(written(tmp_path / "docs-2", "b.txt").path)
    with Parser(LIMITS) as parser:
        assert parser.parse(SourceFile(docs / "sub" / "in.txt", docs)).text == "Inside."
        for name in ("out.txt", "hop.txt", "beside.txt", "../secret.txt"):
            line = refusal(parser, SourceFile(docs / name, docs))
            assert line == "it is a link that leads out of its folder; put the file itself there"


def test_root_that_is_a_file_or_reached_by_a_link_is_read(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    file = written(docs, "a.txt").path
    (tmp_path / "link").symlink_to(docs)
    (tmp_path / "link.txt").symlink_to(file)
    with Parser(LIMITS) as parser:
        for path in (file, tmp_path / "link", tmp_path / "link.txt"):
            assert parser.parse(list_files(path)[0]).text == "Some text."
        assert parser.parse(SourceFile(tmp_path / "link" / "a.txt", tmp_path / "link")).text == "Some text."


# --- what breaks


@pytest.mark.parametrize(
    ("suffix", "line"),
    [
        ("segv", "the reader broke off (SIGSEGV); save it anew, or in another format"),
        ("exit", "the reader broke off (exit code 7); save it anew, or in another format"),
        (
            "abrt",
            "the reader broke off (SIGABRT): it is damaged, or it needs more than 256 MB to be read; split it, or raise"
            " ATTEST_PARSE_MEMORY_MB",
        ),
        ("fail", "it is damaged, or no .fail file although its name says so; save it anew"),
        ("import", "the reader of .import files is not whole; install Attest anew"),
        ("backwards", "the reader gave nothing usable for it; save it anew, or in another format"),
        ("chatter", "it says [31m" + "x" * 487 + "…"),
    ],
)
def test_failure_is_one_line_without_the_library(parser: Parser, tmp_path: Path, suffix: str, line: str) -> None:
    assert refusal(parser, written(tmp_path, f"a.{suffix}")) == line


def test_what_a_library_raised_is_in_the_log(parser: Parser, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="rag.corpus.parsing"):
        refusal(parser, written(tmp_path, "a.fail"))
    assert "KeyError" in caplog.text


BROKE_OFF = "the reader broke off (exit code 0); save it anew, or in another format"
UNUSABLE = "the reader gave nothing usable for it; save it anew, or in another format"
TOO_LATE = "it takes longer than 2 s to be read; split it, or raise ATTEST_PARSE_SECONDS"


@pytest.mark.parametrize(
    ("breach", "line"),
    [
        *((breach, TOO_LATE) for breach in ("silent", "trickling", "half a size", "half a head")),
        *((breach, BROKE_OFF) for breach in ("nothing", "half a text", "asleep")),
        *((breach, UNUSABLE) for breach in ("noise", "no json", "deep json", "list", "empty", "no utf-8", "endless")),
        *((breach, UNUSABLE) for breach in ("number for a title", "unknown key", "places", "place outside")),
        *((breach, UNUSABLE) for breach in ("body outside", "body of text")),
    ],
)
def test_worker_that_breaks_protocol_costs_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breach: str, line: str
) -> None:
    worker = parsing._WORKER
    monkeypatch.setattr(parsing, "_WORKER", (WORKER, breach))
    file = written(tmp_path, "a.txt")
    with Parser(LIMITS) as parser:
        with pytest.raises(DocumentError) as caught:
            parser.parse(file)
        assert str(caught.value) == line
        monkeypatch.setattr(parsing, "_WORKER", worker)
        assert parser.parse(file).text == "Some text."


@pytest.mark.parametrize("breach", ["mute", "stillborn"])
def test_worker_that_does_not_start_is_an_error_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breach: str
) -> None:
    monkeypatch.setattr(parsing, "_WORKER", (WORKER, breach))
    monkeypatch.setattr(parsing, "_START_SECONDS", 1.0)
    with Parser(LIMITS) as parser, pytest.raises(ConfigurationError, match="reads files did not start"):
        parser.parse(written(tmp_path, "a.txt"))


def test_worker_killed_between_two_files_is_replaced(parser: Parser, tmp_path: Path) -> None:
    pid = int(parsed(parser, tmp_path, "pid").text)
    os.kill(pid, signal.SIGKILL)
    assert ended(pid)
    assert int(parsed(parser, tmp_path, "pid").text) != pid


def test_interrupted_exchange_does_not_reach_the_next_file(parser: Parser, tmp_path: Path) -> None:
    parsed(parser, tmp_path, "pid")

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            parsed(parser, tmp_path, "spin")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert parsed(parser, tmp_path, "txt").text == "Some text."


# --- what the worker may do


def test_worker_sees_no_secret_of_the_environment(
    parser: Parser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "SLACK_BOT_TOKEN", "ATTEST_ANYTHING", "MY_TOKEN"):
        monkeypatch.setenv(name, "secret-1234")
    environment = json.loads(parsed(parser, tmp_path, "environment").text)
    assert "secret-1234" not in environment.values()
    assert environment["PATH"] == os.environ["PATH"]


@pytest.mark.skipif(sys.platform != "linux", reason="counts in /proc")
def test_worker_has_no_file_of_its_parent_open(parser: Parser, tmp_path: Path) -> None:
    with (tmp_path / "open.txt").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        count = int(parsed(parser, tmp_path, "descriptors").text)
    assert count <= 6  # 0, 1, 2, the socket, the null device and the folder it lists


def test_what_a_library_prints_is_no_reply(parser: Parser, tmp_path: Path) -> None:
    assert parsed(parser, tmp_path, "print").text == "stdin said b''"


def test_worker_reaches_no_network(parser: Parser, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        assert "it is damaged" in refusal(parser, written(tmp_path, "a.connect", str(server.getsockname()[1])))
        with pytest.raises(TimeoutError):
            server.accept()


def test_worker_starts_no_program_and_writes_no_file(parser: Parser, tmp_path: Path) -> None:
    target = tmp_path / "target"
    assert "it is damaged" in refusal(parser, written(tmp_path, "a.start", str(target)))
    assert not target.exists()
    assert "it is damaged" in refusal(parser, written(tmp_path, "a.write", str(target)))
    assert target.stat().st_size == 0


def test_module_in_the_working_folder_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json.py", "yaml.py", "rag.py", "sitecustomize.py"):
        written(tmp_path, name, f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    with Parser(LIMITS) as parser:
        assert parser.parse(written(tmp_path, "a.txt")).text == "Some text."
    assert not (tmp_path / "ran").exists()


def test_worker_imports_no_library_before_a_file_needs_it(parser: Parser, tmp_path: Path) -> None:
    modules = {name.partition(".")[0] for name in parsed(parser, tmp_path, "modules").text.split()}
    heavy = {"llama_index", "chromadb", "onnxruntime", "numpy", "pydantic", "lxml", "openpyxl", "pptx", "docx"}
    assert not modules & (heavy | {"pypdfium2", "pypdf", "trafilatura", "bs4"})


# --- how it ends


def test_worker_ends_with_the_block_and_leaves_no_zombie(parser: Parser, tmp_path: Path) -> None:
    with parser:
        pid = int(parsed(parser, tmp_path, "pid").text)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_parser_that_parses_nothing_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "_WORKER", (WORKER, "stillborn"))
    with Parser(LIMITS):
        pass


@pytest.mark.parametrize("suffix", ["txt", "spin", "clib"])
def test_worker_ends_when_its_parent_is_killed(tmp_path: Path, suffix: str) -> None:
    if suffix == "clib" and sys.platform != "linux":
        pytest.skip("only its timer ends it")
    for name in ("a.pid", f"b.{suffix}"):
        written(tmp_path, name)
    program = f"""
import sys
from pathlib import Path
from rag.corpus import parsing
from rag.corpus.loading import SourceFile
parsing._WORKER = ({WORKER!r},)
folder = Path({str(tmp_path)!r})
with parsing.Parser() as parser:
    print(parser.parse(SourceFile(folder / "a.pid", folder)).text, flush=True)
    parser.parse(SourceFile(folder / "b.{suffix}", folder))
    sys.stdin.read()
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        time.sleep(0.2)
        parent.kill()
    assert ended(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_parent_does_not_grow_with_failures(parser: Parser, tmp_path: Path) -> None:
    def held_mb() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def fail_in_every_way() -> None:
        for suffix in ("segv", "exit", "long", "fail", "eat", "leak", "backwards"):
            try:
                parsed(parser, tmp_path, suffix)
            except DocumentError:
                continue

    fail_in_every_way()
    before, open_before = held_mb(), len([*Path("/proc/self/fd").iterdir()])
    for _ in range(3):
        fail_in_every_way()
    assert held_mb() - before < 8
    assert len([*Path("/proc/self/fd").iterdir()]) <= open_before + 1
