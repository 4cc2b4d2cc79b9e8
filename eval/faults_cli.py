"""`attest eval faults`: corpora in, what share of a model's false sentences is caught on stdout."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.console import AsJson, print_json

if TYPE_CHECKING:
    from eval.faults import Tally

app = typer.Typer()


class HalfName(StrEnum):
    TUNE = "tune"
    TEST = "test"


@app.command("faults")
def faults(
    corpus: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of documents, each statement of which is asked. Default: seeds/ and fitz-gov."),
    ] = None,
    half: Annotated[
        HalfName, typer.Option(help="Which questions and sentences; the verifier was tuned on tune.")
    ] = HalfName.TEST,
    limit: Annotated[int, typer.Option(min=1, help="Ask at most so many questions of a set, a fixed sample.")] = 250,
    seed: Annotated[int, typer.Option(help="Of what is drawn: sentences, wordings, faults.")] = 0,
    cache: Annotated[
        Path | None, typer.Option(help="Where corpora and indexes are kept. Default: eval/ in the data directory.")
    ] = None,
    missed: Annotated[
        bool, typer.Option("--missed", help="Also print false sentences said and true ones dropped.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """How many false sentences of a language model are caught, and how many true ones are lost.

    A scripted model answers from the real prompt and slips in one false sentence: a changed number, a swapped name, a
    dropped or added "not", an invented fact. The questions are the gold set's over seeds/ and fitz-gov's, each once for
    every kind. "by hand" are sentences as a fluent model writes them, and their faults.
    """
    from eval.fault_sets import measure_sets
    from rag.progress import progress_bars
    from rag.settings import load_settings

    settings = load_settings()
    with progress_bars() as bars:
        found = measure_sets(
            corpus or (),
            cache or settings.data_dir / "eval",
            split=half.value,
            limit=limit,
            seed=seed,
            settings=settings,
            bars=bars,
        )
    if as_json:
        print_json(
            {
                name: {metric: asdict(value) for metric, value in tally.figures().items()} | tally.times()
                for name, tally in found.items()
            }
        )
    else:
        _print(found)
    for name, tally in found.items() if missed else ():
        for sentence in tally.mistakes:
            typer.echo(f"{name}: {sentence}", err=True)


def _print(found: dict[str, "Tally"]) -> None:
    from eval.console import print_figures, print_rows

    for name, tally in found.items():
        typer.echo(name)
        print_figures(tally.figures())
        if tally.milliseconds:
            print_rows({f"  {metric}": value for metric, value in tally.times().items()})
