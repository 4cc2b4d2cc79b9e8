"""`attest eval …` and `attest bench …`: arguments in, figures on stdout; each command imports its own work when run."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eval.bench.cli import app as bench_app
from eval.calibrate_cli import app as calibrate_app
from eval.console import print_figures
from eval.faults_cli import app as faults_app
from eval.gold_cli import app as gold_app
from eval.run_cli import app as run_app
from rag.console import AsJson, print_json

if TYPE_CHECKING:
    from eval.metrics import Figure

app = typer.Typer()
eval_app = typer.Typer(no_args_is_help=True, help="Measure quality on labelled data.")
eval_app.add_typer(run_app)
eval_app.add_typer(calibrate_app)
eval_app.add_typer(faults_app)
eval_app.add_typer(gold_app, name="gold")
app.add_typer(eval_app, name="eval")
app.add_typer(bench_app, name="bench")


class SetChoice(StrEnum):
    FITZ_GOV = "fitz-gov"
    SQUAD2 = "squad2"
    CHUNKING = "chunking"


class HalfChoice(StrEnum):
    ODD = "odd"
    EVEN = "even"
    ALL = "all"


@eval_app.command("retrieval")
def eval_retrieval(
    data: Annotated[Path | None, typer.Option(help="Folder with squad2_*.jsonl[.gz] and chunking_eval/.")] = None,
    sets: Annotated[list[SetChoice] | None, typer.Option("--set", help="Only this set; may be repeated.")] = None,
    half: Annotated[HalfChoice, typer.Option(help="Which of fitz-gov's questions.")] = HalfChoice.ODD,
    cache: Annotated[
        Path | None, typer.Option(help="Where corpora and indexes are kept. Default: eval/ in the data directory.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask only so many questions, a fixed sample.")] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Index again from nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """How often the right document or span is found: fitz-gov, SQuAD 2.0, chunking evaluation."""
    from eval.public_sets import load_set
    from eval.retrieval import evaluate
    from rag.progress import progress_bars
    from rag.settings import load_settings

    settings = load_settings()
    folder = cache or settings.data_dir / "eval"
    loaded = [load_set(choice.value, data, half=half.value) for choice in sets or SetChoice]
    results: dict[str, dict[str, Figure]] = {}
    for one in loaded:
        cached = folder / one.name
        with progress_bars() as bars:
            found = evaluate(one, cached, settings=settings, limit=limit, rebuild=rebuild, bars=bars)
        results[one.name] = found
        if not as_json:
            typer.echo(one.name)
            print_figures(found)
    if as_json:
        print_json(
            {name: {metric: asdict(value) for metric, value in found.items()} for name, found in results.items()}
        )
