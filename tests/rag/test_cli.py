import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

Run = subprocess.CompletedProcess[str]


def attest(*arguments: str, data_dir: Path, cwd: Path | None = None, **environment: str) -> Run:
    """The command as a person runs it, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "rag", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd or data_dir.parent,
        env={**os.environ, "ATTEST_DATA_DIR": str(data_dir), "COLUMNS": "100", **environment},
        check=False,
    )


def test_ask_prints_the_answer_and_its_quotes(seeds_index: Path) -> None:
    run = attest("ask", "Which judge from France was sanctioned?", data_dir=seeds_index)
    assert run.returncode == 0
    assert "Judge Nicolas Guillou from France" in " ".join(run.stdout.split())
    assert "[1] ICC Condemns US Sanctions Targeting Judges and Prosecutors · 2025-08-21" in run.stdout
    assert "002_aeef523743e7afca.txt, characters" in " ".join(run.stdout.split())
    assert "\x1b[" not in run.stdout  # colour is for terminals
    assert run.stderr == ""


def test_ask_json_is_the_contract(seeds_index: Path) -> None:
    run = attest("ask", "who was sanctioned on 4 September 2025?", "--json", data_dir=seeds_index)
    answer = json.loads(run.stdout)
    assert list(answer) == [
        *("question", "verdict", "reason", "text", "sentences", "citations", "passages", "model", "degraded"),
        *("usage", "timings_ms", "conversation_id", "confidence", "missing", "message", "standalone_question"),
        *("dropped", "repaired", "cost_usd"),
    ]
    assert list(answer["sentences"][0]) == ["text", "citations", "support"]
    assert list(answer["citations"][0]) == [
        *("marker", "document_id", "source", "title", "publisher", "published", "version", "place"),
        *("start", "end", "quote"),
    ]
    assert list(answer["passages"][0]) == [
        *("document_id", "source", "start", "end", "text", "score", "title", "publisher", "published", "version"),
    ]
    assert list(answer["usage"]) == ["prompt_tokens", "completion_tokens"]
    assert list(answer["timings_ms"]) == ["retrieve", "answer", "verify", "total"]
    assert (answer["verdict"], answer["model"], answer["degraded"]) == ("answered", "extractive", False)


def test_an_abstention_exits_with_0_and_shows_the_nearest_passages(seeds_index: Path) -> None:
    run = attest("ask", "who was sanctioned on 4 September 2024?", data_dir=seeds_index)
    assert run.returncode == 0
    assert run.stdout.startswith("No answer")
    assert "Nearest passages" in run.stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("ask", ""), "empty"),
        (("ask", "a" * 4001), "4000"),
        (("ask", "???"), "word"),
        (("ask", "what?", "--published-after", "soon"), "soon"),
        (("ask",), "question"),
        (("ask", "what?", "--no-such-option"), "no-such-option"),
        (("ingest", "no/such/folder"), "no/such/folder"),
        (("frobnicate",), "frobnicate"),
    ],
)
def test_bad_usage_exits_with_2_and_names_the_value(seeds_index: Path, arguments: tuple[str, ...], word: str) -> None:
    run = attest(*arguments, data_dir=seeds_index)
    assert run.returncode == 2
    assert word in run.stderr.lower()
    assert "traceback" not in run.stderr.lower()
    assert run.stdout == ""


def test_bytes_that_are_not_text_are_refused(seeds_index: Path) -> None:
    run = subprocess.run(
        [sys.executable.encode(), b"-m", b"rag", b"ask", b"who \xff\xfe?"],
        capture_output=True,
        env={**os.environ, "ATTEST_DATA_DIR": str(seeds_index)},
        check=False,
    )
    assert run.returncode == 2
    assert b"not text" in run.stderr


def test_a_bad_setting_exits_with_2_and_names_it(seeds_index: Path) -> None:
    run = attest("ask", "what?", data_dir=seeds_index, ATTEST_CHUNK_TOKENS="many")
    assert run.returncode == 2
    assert "ATTEST_CHUNK_TOKENS" in run.stderr


def test_ingest_ask_and_status_work_from_nothing(tmp_path: Path, docs: Path) -> None:
    data_dir = tmp_path / "data"
    before = attest("ask", "What do otters eat?", "--json", data_dir=data_dir)
    assert json.loads(before.stdout)["reason"] == "empty_index"
    dry = attest("ingest", str(docs), "--dry-run", data_dir=data_dir)
    assert dry.stdout.splitlines()[:3] == ["+ bread.txt", "+ bridge.md", "+ otters.txt"]
    assert not data_dir.exists()
    assert attest("ingest", str(docs), data_dir=data_dir).stdout.startswith("3 new, 0 changed, 0 renamed, 0 removed")
    assert "urchins" in attest("ask", "What do otters eat?", data_dir=data_dir).stdout
    assert "bread.txt" in attest("search", "sour starter", "--limit", "1", data_dir=data_dir).stdout
    status = json.loads(attest("status", "--json", data_dir=data_dir).stdout)
    assert (status["documents"], status["generation"], status["roots"]) == (3, 1, [str(docs.resolve())])


def test_a_filter_by_date_that_leaves_undated_documents_out_says_so(tmp_path: Path, docs: Path) -> None:
    data_dir, after = tmp_path / "data", ("--published-after", "2025-06")
    attest("ingest", str(docs), data_dir=data_dir)
    told = "published on or after 2025-06 were searched: those without a date of publication are left out"
    asked = attest("ask", "What do otters eat?", *after, data_dir=data_dir)
    assert told in " ".join(asked.stdout.split())
    assert told in attest("search", "otters", *after, data_dir=data_dir).stderr
    assert "left out" not in attest("ask", "What do otters eat?", data_dir=data_dir).stdout


def test_a_status_of_nothing_says_what_to_do(tmp_path: Path) -> None:
    run = attest("status", "--corpus", "food", data_dir=tmp_path / "data")
    assert (run.returncode, run.stdout) == (0, "")
    where = (tmp_path / "data" / "corpora" / "food").resolve()
    assert run.stderr == f"nothing is indexed yet in {where}; run: attest ingest PATH --corpus food\n"
    assert json.loads(attest("status", "--json", data_dir=tmp_path / "data").stdout)["generation"] is None


def test_a_corpus_is_ingested_asked_and_shown_by_its_name(tmp_path: Path, docs: Path) -> None:
    data_dir, food = tmp_path / "data", ("--corpus", "food")
    assert attest("ingest", str(docs / "bread.txt"), *food, data_dir=data_dir).returncode == 0
    assert json.loads(attest("status", *food, "--json", data_dir=data_dir).stdout)["documents"] == 1
    answer = json.loads(attest("ask", "What do bakers feed?", "--json", *food, data_dir=data_dir).stdout)
    assert "starter" in answer["text"]
    [passage] = json.loads(attest("search", "bread", "--json", *food, data_dir=data_dir).stdout)
    assert passage["source"] == "bread.txt"
    assert json.loads(attest("ask", "What do bakers feed?", "--json", data_dir=data_dir).stdout)["passages"] == []


def test_a_corpus_that_is_not_there_exits_with_2_and_says_how_to_make_it(tmp_path: Path) -> None:
    for command in (("ask", "why?"), ("search", "why"), ("ingest", "."), ("status",)):
        run = attest(*command, "--corpus", "No/Such", data_dir=tmp_path / "data")
        assert run.returncode == 2
        assert "No/Such" in run.stderr
    assert "attest ingest PATH --corpus" in attest("ask", "why?", "--corpus", "none", data_dir=tmp_path / "data").stderr


def test_ingest_takes_seeds_when_no_path_is_given(tmp_path: Path, docs: Path) -> None:
    docs.rename(tmp_path / "seeds")
    run = attest("ingest", "--json", data_dir=tmp_path / "data", cwd=tmp_path)
    assert json.loads(run.stdout)["documents"] == 3


def test_a_bad_file_is_one_line_and_exit_code_1(tmp_path: Path, docs: Path) -> None:
    (docs / "latin.txt").write_bytes("café\x1b[31m".encode("latin-1"))
    run = attest("ingest", str(docs), data_dir=tmp_path / "data")
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert run.stderr.startswith("latin.txt: it is not UTF-8")
    assert "1 failed; 3 documents" in run.stdout


def test_a_documents_control_characters_do_not_reach_the_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("The vault code is kept by \x1b[31mDana\x07 Fry\x9b.")
    attest("ingest", str(folder), data_dir=tmp_path / "data")
    run = attest("ask", "Who keeps the vault code?", data_dir=tmp_path / "data")
    assert "Dana" in run.stdout
    assert not set("\x1b\x07\x9b") & set(run.stdout)


def test_help_imports_neither_llama_index_nor_chroma(seeds_index: Path) -> None:
    code = (
        "import sys; sys.argv=['attest','--help']\n"
        "from rag.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'chromadb', 'llama_index', 'onnxruntime', 'fastapi'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    for command in ("ingest", "ask", "search", "status", "serve"):
        assert command in run.stdout


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    run = attest("--version", data_dir=tmp_path)
    assert (run.returncode, run.stdout) == (0, f"attest {version('attest')}\n")


def test_an_unexpected_failure_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from rag import bootstrap, cli

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(bootstrap, "describe_index", fail)
    monkeypatch.setattr(sys, "argv", ["attest", "status"])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    assert exit_.value.code == 1
    assert capsys.readouterr().err.startswith("attest: internal error, ZeroDivisionError: oops")


def test_a_damaged_index_is_a_failure_with_a_remedy(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    (data_dir / "CURRENT").write_text("what?")
    run = attest("ask", "what?", data_dir=data_dir)
    assert run.returncode == 1
    assert "attest ingest" in run.stderr
