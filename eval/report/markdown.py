"""A report in, Markdown out: the figures as tables and every case in short, to read in a pull request or a terminal.

What documents, questions and models say is escaped, so that none of it becomes a heading, a link, a table or HTML.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from eval.compare import LOWER_IS_BETTER
from eval.metrics import Figure
from eval.report.catalogue import GROUPS, in_order, metric_of, percent, written, written_interval
from eval.report.content import BASELINE_METRICS, GROUP_METRICS, Compared, Report
from eval.report.markup import seen
from eval.report.outcomes import PROBLEMS, CaseShown, Outcome
from eval.report.words import calibration_words, summary_words
from eval.summary import FAILED, STAGES, VERDICTS

_SPECIAL = re.compile(r"([\\`*_\[\]#|~$])")
_OPENING = re.compile(r"^(?:\d+(?=[.)](?:\s|$))|(?=[-+](?:\s|$)|--|=))")  # of a list item, a rule or a heading's line


def to_markdown(report: Report) -> str:
    names = " and ".join(plain(run.info.name) for run in report.runs)
    parts = [
        f"# Attest evaluation: {names}",
        *map(plain, summary_words(report)),
        *_head(report),
        "## Verdicts",
        *_verdicts(report),
        *(part for compared in report.comparisons for part in _changes(compared)),
        "## Scores",
        *_scores(report),
        *_reliability(report),
        *_times(report),
        "## By split and type",
        *_groups(report),
        "## Cases",
        *(part for case in report.cases for part in _case(case, report)),
    ]
    return "\n\n".join(parts) + "\n"


def plain(text: str) -> str:
    """`text` on one line, no character of it Markdown or HTML."""
    line = " ".join(seen(text).split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _OPENING.sub(r"\g<0>\\", _SPECIAL.sub(r"\\\1", line))


def _head(report: Report) -> Iterator[str]:
    rows = []
    for run in report.runs:
        info = run.info
        settings = ", ".join(f"{name} {value}" for name, value in info.configuration.items())
        rows.append([run.letter, info.name, info.started, info.target, f"{run.asked}", f"{run.failures}", settings])
    yield _table(["Run", "Name", "Started", "Target", "Asked", "Failed", "Configuration"], rows)
    info = report.runs[0].info
    versions = ", ".join(f"{name} {version}" for name, version in info.versions.items())
    yield plain(
        f"Set: {info.cases_path} ({info.cases_hash}), split: {report.split}. Versions: {versions or 'not kept'}."
    )


def _verdicts(report: Report) -> Iterator[str]:
    for run in report.runs:
        found = {verdict for row in run.confusion.values() for verdict in row}
        given = [*(v for v in (*VERDICTS, FAILED) if v in found), *sorted(found - {*VERDICTS, FAILED})]
        rows = []
        for gold, row in run.confusion.items():
            total = sum(row.values())
            shares = [f"{row.get(v, 0)} ({percent(row.get(v, 0) / total if total else 0)})" for v in given]
            rows.append([gold, *shares, str(total)])
        yield f"Run {run.letter}, expected down, given across:"
        yield _table(["", *given, "cases"], rows)
    baselines = report.runs[0].baselines
    names = BASELINE_METRICS
    if baselines:
        rows = [
            [run.letter, *(_value(run.scores[n].figure, n) if n in run.scores else "–" for n in names)]
            for run in report.runs
        ]
        rows += [[kind, *(written(n, figures.get(n)) for n in names)] for kind, figures in baselines.items()]
        yield _table(["", *map(_label, names)], rows)


def _changes(compared: Compared) -> Iterator[str]:
    comparison = compared.comparison
    yield f"## Changes from {compared.first} to {compared.second}"
    rows = []
    for name in in_order({name for name, change in comparison.changes.items() if change.difference.n}):
        change = comparison.changes[name]
        difference = change.difference
        rows.append(
            [
                _label(name),
                written(name, change.first),
                written(name, change.second),
                written(name, difference.value, signed=True),
                written_interval(name, difference.low, difference.high, signed=True),
                str(difference.n),
                "–" if change.mcnemar_p is None else f"{change.mcnemar_p:.3f}",
            ]
        )
    yield _table(["Metric", compared.first, compared.second, "Change", "95% interval", "n", "McNemar p"], rows)
    flips = [
        [f.direction, f.case_id, f.question, f.gold_verdict, f.first_verdict, f.second_verdict]
        for f in comparison.flips
    ]
    yield f"Flipped cases: {len(flips)}"
    if flips:
        yield _table(["", "Case", "Question", "Expected", compared.first, compared.second], flips)


def _scores(report: Report) -> Iterator[str]:
    for group in GROUPS:
        rows = []
        for name in (name for name in report.metrics if metric_of(name).group == group):
            for run in report.runs:
                if (measured := run.scores.get(name)) is None:
                    continue
                found = measured.figure
                missing = f"{measured.not_scored}: {measured.reason}" if measured.not_scored else "0"
                interval = written_interval(name, found.low, found.high)
                rows.append([_label(name), run.letter, written(name, found.value), interval, str(found.n), missing])
        if rows:
            yield f"### {group}"
            yield _table(["Metric", "Run", "Value", "95% interval", "n", "Not scored"], rows)


def _reliability(report: Report) -> Iterator[str]:
    rows = [
        [run.letter, f"{one.confidence:.2f}", str(one.n), f"{one.answerable:.2f}", f"{one.low:.2f} to {one.high:.2f}"]
        for run in report.runs
        if run.reliability
        for one in run.reliability.bins
    ]
    if rows:
        yield "### Confidence"
        yield plain(" ".join(calibration_words(report)))
        yield _table(["Run", "Confidence", "Cases", "Answerable", "95% interval"], rows)


def _times(report: Report) -> Iterator[str]:
    rows = []
    for stage in STAGES:
        for run in report.runs:
            found = run.timings.get(stage, {})
            p50, p95 = found.get("p50"), found.get("p95")
            if p50 is not None and p95 is not None:
                rows.append([stage, run.letter, f"{p50:,.1f}", f"{p95:,.1f}"])
    if rows:
        yield "## Time"
        yield _table(["Stage", "Run", "p50 ms", "p95 ms"], rows)


def _groups(report: Report) -> Iterator[str]:
    rows = []
    for group in report.groups:
        for run, figures in zip(report.runs, group.figures, strict=True):
            cells = [_value(figures[name], name) if name in figures else "–" for name in GROUP_METRICS]
            rows.append([f"{group.kind}: {group.name.replace('_', ' ')}", str(group.cases), run.letter, *cells])
    yield _table(["Cases of", "n", "Run", *(metric_of(name).label for name in GROUP_METRICS)], rows)


def _case(shown: CaseShown, report: Report) -> Iterator[str]:
    case = shown.case
    problems = f" ({', '.join(PROBLEMS[problem] for problem in shown.problems)})" if shown.problems else ""
    yield f"### {plain(case.id)}{problems}"
    lines = [f"{turn.role}: {turn.content}" for turn in case.history]
    lines += [
        f"Question: {case.question}",
        f"Expected: {case.verdict}. Type: {case.type.replace('_', ' ')}. Split: {shown.split}.",
    ]
    lines += [f"Asked as of {case.as_of}."] if case.as_of else []
    lines += [f"Note: {case.note}"] if case.note else []
    yield _list(lines)
    for run, outcome in zip(report.runs, shown.outcomes, strict=True):
        head, *lines = _outcome(run.letter, shown, outcome)
        yield plain(head)
        yield from [_list(lines)] if lines else []


def _outcome(letter: str, shown: CaseShown, outcome: Outcome) -> Iterator[str]:
    case = shown.case
    sure = None if outcome.confidence is None else f"confidence {outcome.confidence:.2f}"
    yield f"Run {letter}: {', '.join(part for part in (outcome.given or 'not asked', outcome.reason, sure) if part)}"
    if outcome.standalone_question:
        yield f"Taken to ask: {outcome.standalone_question}"
    if outcome.failure:
        yield f"No answer: {outcome.failure}"
    for sentence in outcome.sentences:
        yield f"Says: {sentence.text} {''.join(f'[{marker}]' for marker in sentence.citations)}"
    if outcome.text and not outcome.sentences:
        yield f"Says: {outcome.text}"
    if outcome.message:
        yield f"Message: {outcome.message}"
    if outcome.missing:
        yield f"Missing: {'; '.join(outcome.missing)}"
    for citation in outcome.citations:
        status = "exact" if citation.wrong is None else f"not exact: {citation.wrong}"
        yield f"[{citation.marker}] {citation.source} {citation.start}–{citation.end} ({status}): “{citation.quote}”"
    if outcome.asked and outcome.given != "failed":
        for point, form in zip(case.answer_points, outcome.points, strict=True):
            yield f"Point {'covered' if form else 'missing'}: {point.point}"
        for quotes, found in zip(shown.evidence, outcome.evidence, strict=True):
            told = "cited" if found.cited else f"in passage {found.rank} only" if found.rank else "not found"
            yield f"Evidence {told}: " + " or ".join(f"{each.source}: “{each.quote}”" for each in quotes)
        for claim, form in zip(case.must_not, outcome.wrong_claims, strict=True):
            yield f"Wrong claim {'made' if form else 'not made'}: {claim.claim}"
    for name in in_order(set(outcome.scores)):
        score = outcome.scores[name]
        if score.value is not None:
            yield f"{metric_of(name).label} {written(name, score.value)}: {score.reason}"


def _value(found: Figure, name: str) -> str:
    if found.value is None:
        return "–"
    return f"{written(name, found.value)} ({written_interval(name, found.low, found.high)}, n = {found.n})"


def _label(name: str) -> str:
    return f"{metric_of(name).label}{' ↓' if name in LOWER_IS_BETTER else ''}"


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {plain(line)}" for line in lines)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads)]
    written_rows = [" | ".join(map(plain, heads)), " | ".join(lines[1]), *(" | ".join(map(plain, row)) for row in rows)]
    return "\n".join(f"| {row} |" for row in written_rows)
