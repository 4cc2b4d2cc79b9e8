"""`attest eval calibrate`: a folder of labelled sets in, figures beside the published ones on stdout."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.console import AsJson, print_json

if TYPE_CHECKING:
    from eval.calibration import Calibration
    from eval.metrics import Figure

app = typer.Typer()


@app.command("calibrate")
def calibrate(
    data: Annotated[Path, typer.Option(help="Folder with labelled sets in their published formats.")],
    judge: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Also let this OpenAI-compatible model judge the claims.")
    ] = None,
    votes: Annotated[int, typer.Option(min=1, help="Calls a claim that the judge decides by.")] = 3,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many of each file, a fixed sample.")] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Where indexes and completions are kept. Default: eval/ in the data directory.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How far scores and verdicts agree with people: AttributionBench, WiCE, SummEdits, SQuAD 2.0, MTRAG-UN, fitz-gov.

    fitz-gov is read from its package where that is installed, all others from files in --data.
    """
    from eval.calibration import calibrate as run
    from eval.judge import Judge
    from eval.labelled_sets import find_files
    from eval.public_sets import fitz_gov_is_installed, fitz_gov_package
    from rag.progress import progress_bars
    from rag.settings import load_settings

    settings = load_settings()
    folder = cache or settings.data_dir / "eval"
    found = find_files(data)
    asked = None
    if judge is not None:
        from rag.bootstrap import make_chat_model

        asked = Judge(make_chat_model(judge, settings), folder / "judge", votes=votes)
    if found.skipped:
        typer.echo(f"skipped, of no set read here: {', '.join(found.skipped)}", err=True)
    fitz_gov = fitz_gov_package() if fitz_gov_is_installed() else None
    if fitz_gov is None:
        typer.echo('without fitz-gov, which is not installed: pip install ".[eval]"', err=True)
    with progress_bars() as bars:
        result = run(found, folder, settings=settings, judge=asked, fitz_gov=fitz_gov, limit=limit, bars=bars)
    if as_json:
        print_json(
            {name: {metric: asdict(value) for metric, value in one.items()} for name, one in result.figures.items()}
        )
    else:
        _print(result)
    for name, notes in result.notes.items():
        for note in notes:
            typer.echo(f"{name}: {note}", err=True)


def _print(result: "Calibration") -> None:
    from eval.calibration import PUBLISHED

    width = max(len(metric) for one in result.figures.values() for metric in one) + 2
    for name, figures in result.figures.items():
        typer.echo(name)
        for metric, value in figures.items():
            known = next(
                (them for (family, of), them in PUBLISHED.items() if of == metric and name.startswith(family)), ()
            )
            published = "; ".join(f"{other:.3f} {who}" for other, who in known)
            typer.echo(f"  {metric:<{width}}{_shown(value)}{f'  [{published}]' if published else ''}")
    typer.echo("In brackets: what others reach. * plain word overlap, measured with other halves of the data.")
    typer.echo("† measured in this project's feasibility study.")


def _shown(value: "Figure") -> str:
    if value.value is None:
        return f"{'-':>9}  n = {value.n}"
    if value.low is None or value.high is None:  # a count, which has no interval
        return f"{value.value:>9,.6g}  n = {value.n}"
    return f"{value.value:>9.3f}  95%: {value.low:.3f} to {value.high:.3f}, n = {value.n}"
