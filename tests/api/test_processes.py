"""Processes that count into one folder: each is a real one, as prometheus_client looks for the folder when imported."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from api.allowances import Allowances


def run(code: str, folder: Path) -> str:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


def test_what_a_killed_process_was_at_is_over_and_what_it_has_counted_stays(tmp_path: Path) -> None:
    run("import os, api.metrics as m; m._running.inc(); m._dropped.inc(); os._exit(0)", tmp_path)
    shown = run(
        "import api.metrics as m; from api.processes import exposition; m._running.inc(); m._dropped.inc(2);"
        "print(exposition().decode())",
        tmp_path,
    )
    assert "attest_requests_running 1.0" in shown
    assert "attest_sentences_dropped_total 3.0" in shown
    assert "process_cpu_seconds_total " in shown


def test_processes_share_what_a_caller_has_left(tmp_path: Path) -> None:
    def allowances() -> Allowances:
        return Allowances(tmp_path / "rates.sqlite", most=3, per_second=0.5, most_callers=10)

    one, two = allowances(), allowances()
    assert [each.take("ann", 100.0) for each in (one, two, one)] == [3, 2, 1]
    assert two.take("ann", 100.0) == 0
    assert two.take("bob", 100.0) == 3
    assert one.take("ann", 102.0) == 1


def test_a_file_that_cannot_be_used_keeps_nobody_out(tmp_path: Path) -> None:
    file = tmp_path / "rates.sqlite"
    allowances = Allowances(file, most=1, per_second=0.5, most_callers=10)
    assert [allowances.take("ann", 100.0) for _ in range(2)] == [1, 0]
    with closing(sqlite3.connect(file)) as other:
        other.execute("DROP TABLE callers")
    assert allowances.take("ann", 100.0) == 1
