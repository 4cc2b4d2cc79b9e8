"""`attest eval run | report | compare | gate`: arguments in, runs and what they say on stdout, all else on stderr."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.console import AsJson, print_json

if TYPE_CHECKING:
    from eval.results import Run
    from eval.sessions import Finished, Order
    from eval.summary import Summary

app = typer.Typer()


class SplitName(StrEnum):
    TUNE = "tune"
    TEST = "test"
    ALL = "all"


Split = Annotated[SplitName, typer.Option(help="Which half of the set; choose on tune, report test.")]
SetPath = Annotated[
    Path | None, typer.Option("--set", help="Gold set (JSON Lines). Default: the one the runs were made with.")
]


@app.command()
def run(
    set_path: Annotated[
        Path | None, typer.Option("--set", help="Gold set (JSON Lines). Default: the shipped one, about seeds/.")
    ] = None,
    corpus: Annotated[Path | None, typer.Option(help="Folder of the documents. Default: seeds/.")] = None,
    config: Annotated[
        list[Path] | None,
        typer.Option(help="TOML file of settings (chunk_tokens = 120) that overrules the environment; one run each."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask only so many cases, a fixed sample.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the newest run of the same identity; failed cases go again.")
    ] = False,
    endpoint: Annotated[
        str | None, typer.Option(help="Ask this server instead: ours, or an OpenAI-compatible one.")
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(help='Score answers made elsewhere: JSON Lines of {"id", "text", "citations"}.')
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run. Default: runs/<UTC time>-<config name>.")] = None,
    split: Split = SplitName.ALL,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print cases, tokens and dollars beforehand; ask nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask every case of a gold set, write the answers down one by one, and print how good they are.

    A killed run loses nothing: --resume goes on where it stopped. Figures have 95% intervals over questions and stand
    beside those of always abstaining and always answering.
    """
    from eval.corpora import DEFAULT_CORPUS
    from eval.sessions import DEFAULT_SET, Order, execute
    from eval.summary import summarise
    from eval.tables import summary_lines
    from rag.progress import progress_bars

    order = Order(
        cases_path=set_path or DEFAULT_SET,
        corpus=corpus or DEFAULT_CORPUS,
        configs=config or (),
        endpoint=endpoint,
        answers=answers,
        out=out,
        split=split.value,
        limit=limit,
        resume=resume,
    )
    if dry_run:
        _print_estimates(order, as_json=as_json)
        return
    with progress_bars() as bars:
        done = list(execute(order, bars=bars, tell=_tell))
    summaries = [summarise(finished.cases, finished.run, split=split.value) for finished in done]
    if as_json:
        print_json({one.run.info.name: _values(one, summary) for one, summary in zip(done, summaries, strict=True)})
    else:
        for finished, summary in zip(done, summaries, strict=True):
            typer.echo(f"{finished.run.info.name}: {summary.cases} cases, {finished.run.folder}\n")
            for line in summary_lines(summary):
                typer.echo(line)
            typer.echo()
    for finished in done:
        failures = [result.failure for result in finished.run.results if result.failure]
        if failures and len(failures) == len(finished.run.results):
            _tell(f"{finished.run.info.name}: every case failed, the first with: {failures[0]}")
            raise typer.Exit(1)


@app.command()
def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN…", help="Folders of runs; two stand side by side.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write to. Default: the first run's.")] = None,
    set_path: SetPath = None,
    split: Split = SplitName.ALL,
) -> None:
    """Write report.html (one page that needs no network), report.md and report.json about runs."""
    from eval.report import write_report

    read = [_read(folder) for folder in runs]
    for path in write_report(out or runs[0], _cases_of(read, set_path), read, split=split.value):
        typer.echo(path)


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="Folder of the first run.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Folder of the second.")],
    set_path: SetPath = None,
    split: Split = SplitName.ALL,
    as_json: AsJson = False,
) -> None:
    """What changed from run A to run B: differences with paired 95% intervals, McNemar's p, the cases that flipped."""
    from eval.compare import compare as compare_runs
    from eval.tables import comparison_lines

    a, b = _read(first), _read(second)
    _tell_differences(a, b)
    comparison = compare_runs(_cases_of([a, b], set_path), a, b, split=split.value)
    if as_json:
        print_json(asdict(comparison))
        return
    for line in comparison_lines(comparison):
        typer.echo(line)


@app.command()
def gate(
    candidate: Annotated[Path, typer.Argument(metavar="A", help="Folder of the run to be judged.")],
    baseline: Annotated[Path, typer.Option(help="Folder of the run it must not be worse than.")],
    margin: Annotated[float, typer.Option(help="How much worse still counts as the same.")] = 0.02,
    metric: Annotated[
        list[str] | None, typer.Option(help="Compare only this metric; may be repeated. Default: all of quality.")
    ] = None,
    set_path: SetPath = None,
    split: Split = SplitName.ALL,
    as_json: AsJson = False,
) -> None:
    """Exit 1 when run A is surely worse than the baseline, or breaks a promise.

    Surely worse: the upper 95% bound of a metric's change is below -margin (mirrored where lower is better). Promises:
    every citation exact, no answer sentence without one, no case failed, none of the baseline's cases left out.
    """
    from eval.gate import gate as judge

    run, against = _read(candidate), _read(baseline)
    _tell_differences(against, run)
    result = judge(
        _cases_of([run, against], set_path), run, against, margin=margin, metrics=metric or (), split=split.value
    )
    if as_json:
        print_json({"passed": result.passed, **asdict(result)})
    else:
        for reason in result.reasons:
            typer.echo(f"- {reason}")
        flips = [flip.direction for flip in result.comparison.flips]
        typer.echo(
            f"{'passed' if result.passed else 'FAILED'}: {result.comparison.cases} cases, "
            f"{len(result.metrics)} metrics, margin {margin:g}; "
            f"{flips.count('better')} cases better, {flips.count('worse')} worse, {flips.count('changed')} changed"
        )
    if not result.passed:
        raise typer.Exit(1)


def _read(folder: Path) -> "Run":
    from eval.results import read_run

    return read_run(folder)


def _cases_of(runs: "list[Run]", set_path: Path | None) -> list[Any]:
    from eval.sessions import cases_of

    return cases_of(runs, cases_path=set_path, tell=_tell)


def _values(finished: "Finished", summary: "Summary") -> dict[str, Any]:
    values = asdict(summary)
    values.pop("scores")  # of every case: `attest eval report` has them
    return {"folder": str(finished.run.folder), **values}


def _tell_differences(first: "Run", second: "Run") -> None:
    from eval.runner import differences

    for difference in differences(first.info, second.info):
        _tell(f"the runs differ in {difference}")


def _print_estimates(order: "Order", *, as_json: bool) -> None:
    from eval.sessions import chosen_cases, estimates

    count, found = len(chosen_cases(order)), estimates(order)
    if as_json:
        print_json({name: {"cases": count, **asdict(value)} for name, value in found.items()})
        return
    for name, value in found.items():
        dollars = "unknown" if value.dollars is None else f"${value.dollars:.2f}"
        typer.echo(
            f"{name}: {count} cases, {value.calls} model calls, about {value.prompt_tokens:,} prompt and "
            f"{value.completion_tokens:,} completion tokens, {dollars} ({value.reason})"
        )


def _tell(line: str) -> None:
    typer.echo(line, err=True)
