import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner, Result

from eval.cli import app
from rag.errors import ConfigurationError

Attest = Callable[..., Result]

LONG = {
    "id": "bridge-length", "question": "How long is the bridge?", "type": "number", "verdict": "answered",
    "answer_points": [{"point": "503 metres", "accepted": ["503 metres"]}],
    "evidence": [{"any_of": [{"source": "bridge.md", "quote": "It is 503 metres long."}]}],
}  # fmt: skip
QUEEN = {
    "id": "danish-queen", "question": "Who is the queen of Denmark?",
    "type": "unanswerable_out_of_corpus", "verdict": "abstained",
}  # fmt: skip


@pytest.fixture
def attest_eval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Attest:
    """Runs `attest eval ...` in `tmp_path`, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATTEST_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str, input: str | None = None) -> Result:  # noqa: A002 - click's name
        result = CliRunner().invoke(app, ["eval", *arguments], input=input)
        if result.exception is not None and not isinstance(result.exception, SystemExit | ConfigurationError):
            raise result.exception
        return result

    return run


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.jsonl"
    path.write_text(f"{json.dumps(LONG)}\n{json.dumps(QUEEN)}\n")
    return path


def test_run_compare_gate_and_report_go_together(attest_eval: Attest, docs: Path, gold: Path, tmp_path: Path) -> None:
    (tmp_path / "few.toml").write_text("passages = 1\nchunk_tokens = 64\n")
    (tmp_path / "many.toml").write_text("passages = 3\n")
    shared = ("--set", str(gold), "--corpus", str(docs))
    done = attest_eval(*("run", *shared, "--config", "few.toml", "--config", "many.toml", "--out", "out", "--json"))
    assert (done.exit_code, done.stderr) == (0, "writing out/few\nwriting out/many\n")
    figures = json.loads(done.stdout)
    assert list(figures) == ["few", "many"]
    assert figures["many"]["figures"]["verdict_correct"]["value"] == 1.0
    assert figures["many"]["confusion"]["abstained"]["abstained"] == 1
    assert figures["many"]["baselines"]["always_abstain"]["verdict_correct"] == 0.5

    compared = attest_eval("compare", "out/few", "out/many")
    assert compared.stdout.startswith("2 cases are in both runs.")
    assert "the runs differ in passages: 1, then 3" in compared.stderr
    changes = json.loads(attest_eval("compare", "out/few", "out/many", "--json").stdout)["changes"]
    assert changes["citation_exact"]["difference"] == {"value": 0.0, "low": 0.0, "high": 0.0, "n": 1}

    passed = attest_eval("gate", "out/many", "--baseline", "out/many")
    assert (passed.exit_code, passed.stdout[:16]) == (0, "passed: 2 cases,")
    results = tmp_path / "out" / "many" / "results.jsonl"
    results.write_text(results.read_text().replace('"quote": "It is 503', '"quote": "It is 530'))
    failed = attest_eval("gate", "out/many", "--baseline", "out/few")
    assert failed.exit_code == 1
    assert "bridge-length has a citation that is not exact" in failed.stdout

    reported = attest_eval("report", "out/few", "out/many", "--out", "page")
    assert reported.stdout.split() == ["page/report.html", "page/report.md", "page/report.json"]


def test_run_prints_figures_beside_those_who_read_nothing(
    attest_eval: Attest, docs: Path, gold: Path, tmp_path: Path
) -> None:
    done = attest_eval("run", "--set", str(gold), "--corpus", str(docs))
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["verdict_correct", "1.000", "1.000", "to", "1.000", "2", "0", "0.500", "0.500"] in lines
    assert ["abstained", "0", "0", "0", "1", "0"] in lines
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.endswith("Z-default")
    again = attest_eval("run", "--set", str(gold), "--corpus", str(docs), "--resume")
    assert again.stderr == f"continuing runs/{folder.name}\n"


def test_a_dry_run_tells_the_cost_and_asks_nothing(attest_eval: Attest, gold: Path, tmp_path: Path) -> None:
    done = attest_eval("run", "--set", str(gold), "--dry-run")
    assert done.stdout.startswith("default: 2 cases, 0 model calls, about 0 prompt and 0 completion tokens, $0.00")
    (tmp_path / "model.toml").write_text('chat_model = "gpt-4.1"\n')
    paid = attest_eval("run", "--set", str(gold), "--config", "model.toml", "--dry-run", "--json")
    estimate = json.loads(paid.stdout)["model"]
    assert (estimate["cases"], estimate["calls"]) == (2, 2)
    assert estimate["prompt_tokens"] > 2 * 5 * 180
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gold.jsonl", "model.toml"]


def test_bad_usage_is_told_before_anything_is_asked(
    attest_eval: Attest, docs: Path, gold: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.toml").write_text("chunk_token = 1\n")
    (tmp_path / "answers.jsonl").write_text('{"id": "bridge-length", "text": "x"}\n')
    for arguments, told in (
        (("run", "--set", "none.jsonl"), "The gold set none.jsonl cannot be read"),
        (("run", "--set", str(gold), "--corpus", "none"), "none is neither a file nor a folder"),
        (("run", "--config", "bad.toml"), "'chunk_token' cannot be set for a run"),
        (("run", "--endpoint", "http://127.0.0.1:9", "--corpus", str(docs), "--set", str(gold)), "--endpoint"),
        (("run", "--endpoint", "http://127.0.0.1:9", "--answers", "answers.jsonl"), "are two answerers"),
        (("compare", "none", "none"), "none is not a run"),
    ):
        done = attest_eval(*arguments)
        assert isinstance(done.exception, ConfigurationError)  # rag.cli makes it one line and exit code 2
        assert told in str(done.exception)
        assert done.stdout == ""


def test_answers_made_elsewhere_are_scored(attest_eval: Attest, docs: Path, gold: Path, tmp_path: Path) -> None:
    answers = [{"id": "bridge-length", "text": "It is 503 metres long [1].", "citations": ["bridge.md"]}]
    (tmp_path / "theirs.jsonl").write_text("\n".join(map(json.dumps, answers)))
    done = attest_eval(*("run", "--set", str(gold), "--corpus", str(docs), "--answers", "theirs.jsonl", "--json"))
    theirs = json.loads(done.stdout)["theirs"]
    assert theirs["figures"]["points_covered"]["value"] == 1.0
    assert (theirs["failures"], theirs["confusion"]["abstained"]["failed"]) == (1, 1)


@pytest.fixture
def slow_server() -> Iterator[tuple[str, list[str], threading.Event]]:
    """An OpenAI-compatible server whose third answer waits for the event; the questions it was asked."""
    asked, go_on = list[str](), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = self.path == "/v1/chat/completions"
            if known:
                asked.append(body["messages"][-1]["content"])
                if len(asked) == 3:
                    go_on.wait(60)
            content = json.dumps({"choices": [{"message": {"content": "I don't know."}}]}).encode() if known else b"{}"
            self.send_response(200 if known else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """The killed client hung up."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked, go_on
    go_on.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_killed_run_resumes_where_it_stopped(
    attest_eval: Attest, docs: Path, tmp_path: Path, slow_server: tuple[str, list[str], threading.Event]
) -> None:
    url, asked, go_on = slow_server
    lines = [json.dumps({**QUEEN, "id": f"queen-{n}", "question": f"Who is queen {n}?"}) for n in range(5)]
    (tmp_path / "queens.jsonl").write_text("\n".join(lines))
    arguments = ("run", "--set", "queens.jsonl", "--corpus", str(docs), "--endpoint", url, "--out", "run")
    with subprocess.Popen([sys.executable, "-m", "rag", "eval", *arguments], stderr=subprocess.PIPE) as run:
        deadline = time.monotonic() + 60
        while len(asked) < 3 and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
    assert (run.returncode, len(asked)) == (-signal.SIGKILL, 3)
    assert len((tmp_path / "run" / "results.jsonl").read_text().splitlines()) == 2

    go_on.set()
    refused = attest_eval(*arguments)
    assert "Add --resume to continue it" in str(refused.exception)
    done = attest_eval(*arguments, "--resume", "--json")
    assert (done.exit_code, done.stderr) == (0, "continuing run\n")
    assert json.loads(done.stdout)["endpoint"]["figures"]["verdict_correct"]["value"] == 1.0
    assert asked == [f"Who is queen {n}?" for n in (0, 1, 2, 2, 3, 4)]


def test_gold_check_lists_every_problem(attest_eval: Attest, docs: Path, gold: Path, tmp_path: Path) -> None:
    done = attest_eval("gold", "check", str(gold), "--corpus", str(docs))
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "2 cases, 0 problems\n")
    gold.write_text(gold.read_text().replace("It is 503 metres long.", "It is 530 metres long.") + "{}\n")
    done = attest_eval("gold", "check", str(gold), "--corpus", str(docs))
    assert done.exit_code == 1
    assert "line 1 (bridge-length): evidence[0].any_of[0].quote" in done.stdout
    assert "line 3: id" in done.stdout


def test_gold_new_drafts_checks_and_appends_a_case(attest_eval: Attest, docs: Path, tmp_path: Path) -> None:
    asked = ("gold", "new", "How long is the bridge?", "--corpus", str(docs), "--out", "mine.jsonl")
    lacking = attest_eval(*asked)
    assert lacking.exit_code == 1
    assert "still to mend: long-bridge: answer_points: none" in lacking.stderr
    assert not (tmp_path / "mine.jsonl").exists()

    whole = attest_eval(*asked, "--evidence", "2", "--point", "503 metres", "--accept", "503 metres|503 m")
    assert whole.exit_code == 1  # "503 m" is in no quote
    whole = attest_eval(*asked, "--evidence", "2", "--point", "its length", "--accept", "503 metres")
    assert (whole.exit_code, whole.stderr[-20:]) == (0, "added to mine.jsonl\n")
    (line,) = (tmp_path / "mine.jsonl").read_text().splitlines()
    assert json.loads(line) == json.loads(whole.stdout)
    assert json.loads(line)["evidence"] == LONG["evidence"]
    assert attest_eval("gold", "check", "mine.jsonl", "--corpus", str(docs)).exit_code == 0
    again = attest_eval(*asked, "--evidence", "2", "--point", "its length", "--accept", "503 metres")
    assert (again.exit_code, "id: 'long-bridge' is taken" in again.stderr) == (1, True)


def test_gold_new_asks_a_person_at_a_terminal(
    attest_eval: Attest, docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.gold_cli.sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    mistyped = ["answerd", "answered", "two", "99", "2"]
    said = [*mistyped, "its length", "503 metres | 1,650 feet", "", "503 metres are 1,650 feet"]
    asked = ("gold", "new", "How long is the bridge?", "--corpus", str(docs), "--out", "mine.jsonl")
    done = attest_eval(*asked, input="\n".join([*said, ""]))
    assert done.stderr.endswith("added to mine.jsonl\n")
    for wrong in ("'answerd'; it must be one of: answered", "'two' is none of the", "'99' is none of the"):
        assert wrong in done.stderr
    case = json.loads((tmp_path / "mine.jsonl").read_text())
    assert case["answer_points"] == [{"point": "its length", "accepted": ["503 metres", "1,650 feet"]}]
    assert (case["evidence"], case["note"]) == (LONG["evidence"], said[-1])
