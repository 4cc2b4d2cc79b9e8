import json
import os
import subprocess
import sys
from pathlib import Path

Run = subprocess.CompletedProcess[str]


def attest(*arguments: str, cwd: Path) -> Run:
    return subprocess.run(
        [sys.executable, "-m", "rag", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=cwd,
        env={**os.environ, "ATTEST_DATA_DIR": str(cwd / "data"), "COLUMNS": "100"},
        check=False,
    )


def test_help_imports_no_engine(tmp_path: Path) -> None:
    code = (
        "import sys; from typer.testing import CliRunner; import eval.cli;"
        "run = CliRunner().invoke(eval.cli.app, ['bench', 'ask', '--help']); assert run.exit_code == 0, run.output;"
        "heavy = {'llama_index', 'chromadb', 'onnxruntime', 'numpy'} & set(sys.modules); assert not heavy, heavy"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert run.returncode == 0, run.stderr


def test_eval_and_bench_are_commands_of_attest(tmp_path: Path) -> None:
    run = attest("--help", cwd=tmp_path)
    assert {"eval", "bench"} <= set(run.stdout.split())
    run = attest("bench", "--help", cwd=tmp_path)
    assert {"embedding", "ask", "ingest", "durability"} <= set(run.stdout.split())


def test_json_has_a_figure_with_its_interval_for_every_metric(public_data: Path, tmp_path: Path) -> None:
    run = attest(
        *("eval", "retrieval", "--data", str(public_data), "--set", "squad2", "--set", "chunking", "--json"),
        cwd=tmp_path,
    )
    assert (run.returncode, run.stderr) == (0, "")
    results = json.loads(run.stdout)
    assert list(results) == ["squad2", "chunking"]
    assert results["squad2"]["hit@1"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 2}
    assert {"recall", "precision", "iou", "all_recall", "recall_first_5"} <= set(results["chunking"])
    assert (tmp_path / "data" / "eval" / "squad2" / "index" / "CURRENT").is_file()


def test_the_table_names_the_sets_the_metrics_and_the_intervals(public_data: Path, tmp_path: Path) -> None:
    run = attest("eval", "retrieval", "--data", str(public_data), "--set", "squad2", cwd=tmp_path)
    assert run.stdout.splitlines()[0] == "squad2"
    assert run.stdout.splitlines()[1].split() == ["hit@1", "1.000", "95%:", "1.000", "to", "1.000,", "n", "=", "2"]


def test_missing_data_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    run = attest("eval", "retrieval", "--set", "squad2", cwd=tmp_path)
    assert run.returncode == 2
    assert run.stderr.startswith("attest: squad2 is read from a folder; give it with --data DIR")
    assert run.stderr.count("\n") == 1
