"""A report in, JSON out: every figure unrounded, and every case with its answers, checks and reasons.

{"split", "summary": [sentence], "runs": [{"letter", "info", "asked", "failures", "scores": {metric: {"figure":
 {"value", "low", "high", "n"}, "not_scored", "reason"}}, "confusion", "baselines", "timings", ...}],
 "groups": [...], "comparisons": [...], "cases": [{"case", "evidence", "outcomes": [...]}]}
"""

import json
from dataclasses import asdict

from eval.report.content import Report
from eval.report.words import summary_words


def to_json(report: Report) -> bytes:
    """UTF-8; half characters (lone surrogates), which UTF-8 cannot hold, are escaped as JSON has it."""
    values = {"summary": summary_words(report), **asdict(report)}
    return f"{json.dumps(values, ensure_ascii=False, indent=1)}\n".encode("utf-8", "backslashreplace")
