import json
import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from rag.index.generations import Generations

Run = subprocess.CompletedProcess[str]


def attest(*arguments: str, data_dir: Path, **environment: str) -> Run:
    return subprocess.run(
        [sys.executable, "-m", "rag", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=data_dir.parent,
        env={**os.environ, "ATTEST_DATA_DIR": str(data_dir), "COLUMNS": "100", **environment},
        check=False,
    )


def told(*arguments: str, data_dir: Path) -> dict[str, object]:
    run = attest(*arguments, "--json", data_dir=data_dir)
    assert run.returncode == 0, run.stderr
    found: dict[str, object] = json.loads(run.stdout)
    return found


def test_a_renamed_file_is_shown_as_one(tmp_path: Path, docs: Path) -> None:
    data_dir = tmp_path / "data"
    told("ingest", str(docs), data_dir=data_dir)
    (docs / "otters.txt").rename(docs / "seals.txt")
    assert "> otters.txt -> seals.txt" in attest("ingest", str(docs), "--dry-run", data_dir=data_dir).stdout
    shown = attest("ingest", str(docs), data_dir=data_dir).stdout
    assert "renamed otters.txt -> seals.txt\n" in shown
    assert "1 renamed" in shown
    (docs / "seals.txt").rename(docs / "otters.txt")
    assert told("ingest", str(docs), data_dir=data_dir)["renamed"] == [["seals.txt", "otters.txt"]]


def test_what_of_a_file_is_not_read_is_told_and_counted(tmp_path: Path, docs: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Otters", "Pups"])
    for name in ("Lists", "Notes"):
        book.create_sheet(name).sheet_state = "hidden"
    book.save(docs / "otters.xlsx")
    run = attest("ingest", str(docs), data_dir=tmp_path / "data")
    assert run.returncode == 0
    assert "otters.xlsx: the hidden sheet 'Notes' is not read\n" in run.stderr
    assert "0 failed, 1 not wholly read;" in run.stdout
    dry = attest("ingest", str(docs), "--rebuild", "--dry-run", "--json", data_dir=tmp_path / "data")
    assert ["otters.xlsx", "the hidden sheet 'Lists' is not read"] in json.loads(dry.stdout)["warnings"]


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system binds no process to processors")
@pytest.mark.parametrize("is_read", [False, True])
def test_an_ingest_comes_second_and_leaves_a_processor_to_whoever_reads_the_index(
    tmp_path: Path, docs: Path, is_read: bool
) -> None:
    data_dir = tmp_path / "data"
    told("ingest", str(docs), data_dir=data_dir)
    lease = Generations(data_dir).lease() if is_read else None
    code = f"""
import os
from rag.cli import app
app(["ingest", {str(docs)!r}], standalone_mode=False)
print(os.getpriority(os.PRIO_PROCESS, 0), len(os.sched_getaffinity(0)))
"""
    environment = {**os.environ, "ATTEST_DATA_DIR": str(data_dir)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    if lease is not None:
        lease.close()
    niceness, processors = map(int, run.stdout.splitlines()[-1].split())
    assert niceness == max(10, os.getpriority(os.PRIO_PROCESS, 0))
    assert processors == max(1, len(os.sched_getaffinity(0)) - is_read)


def test_an_export_is_rebuilt_elsewhere_and_answers_the_same(tmp_path: Path, docs: Path) -> None:
    data_dir, other = tmp_path / "data", tmp_path / "other"
    told("ingest", str(docs), data_dir=data_dir)
    assert told("export", "all.sqlite", data_dir=data_dir) == {"file": "all.sqlite", "documents": 3}
    rebuilt = told("rebuild", "--from", "all.sqlite", data_dir=other)
    assert (rebuilt["documents"], rebuilt["generation"]) == (3, 1)
    search = ("search", "What do otters eat?", "--json")
    assert attest(*search, data_dir=other).stdout == attest(*search, data_dir=data_dir).stdout
    assert told("rebuild", data_dir=data_dir)["generation"] == 2
    assert attest(*search, data_dir=other).stdout == attest(*search, data_dir=data_dir).stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("ingest", ""), "empty"),
        (("ingest", "docs", " "), "empty"),
        (("export", "all.txt"), "all.txt"),
        (("export", "no/such/all.jsonl"), "no/such"),
        (("rebuild", "--from", "docs/otters.txt"), "no export"),
        (("rebuild", "--from", "nowhere.sqlite"), "nowhere.sqlite"),
    ],
)
def test_bad_usage_exits_with_2_and_names_the_value(
    tmp_path: Path, docs: Path, arguments: tuple[str, ...], word: str
) -> None:
    assert docs.exists()
    attest("ingest", "docs", data_dir=tmp_path / "data")
    run = attest(*arguments, data_dir=tmp_path / "data")
    assert run.returncode == 2
    assert word in " ".join(run.stderr.split())
    assert "Traceback" not in run.stderr


def test_an_export_replaces_no_file_unless_it_is_told_to(tmp_path: Path, docs: Path) -> None:
    data_dir = tmp_path / "data"
    told("ingest", str(docs), data_dir=data_dir)
    (tmp_path / "all.jsonl").write_text("mine")
    refused = attest("export", "all.jsonl", data_dir=data_dir)
    assert (refused.returncode, (tmp_path / "all.jsonl").read_text()) == (2, "mine")
    assert "--force" in refused.stderr
    assert told("export", "all.jsonl", "--force", data_dir=data_dir)["documents"] == 3
    records = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert [record["source"] for record in records] == ["bread.txt", "bridge.md", "otters.txt"]
    assert records[2]["text"] == (docs / "otters.txt").read_text()


def test_nothing_to_export_or_rebuild_says_how_to_begin(tmp_path: Path) -> None:
    for command in (("export", "all.jsonl"), ("rebuild",)):
        run = attest(*command, data_dir=tmp_path / "data")
        assert run.returncode == 1
        assert "attest ingest" in run.stderr


def test_absurd_file_names_are_a_line_each_and_valid_json(tmp_path: Path, docs: Path) -> None:
    for name in (b"new\nline.txt", b"bell\x07.txt", b"latin\xe9.txt", b"x" * 251 + b".txt"):
        (Path(os.fsdecode(os.fsencode(docs) + b"/" + name))).write_text("Otters.")
    run = attest("ingest", str(docs), "--json", data_dir=tmp_path / "data")
    report = json.loads(run.stdout)
    assert dict(report["failed"]) == {
        "new\\nline.txt": "its name has control characters; rename it",
        "bell\\x07.txt": "its name has control characters; rename it",
        "latin\\xe9.txt": "its name is not UTF-8; rename it",
    }
    assert run.stderr.count("\n") == 3
    assert report["documents"] == 4
