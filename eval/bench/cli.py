"""`attest bench …`: arguments in, what this machine does on stdout; each command imports its own work when run."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from eval.console import print_figures, print_rows
from rag.console import AsJson, print_json
from rag.errors import ConfigurationError

app = typer.Typer(no_args_is_help=True, help="Measure speed and durability on this machine.")

QUESTIONS = 200
PROMPT_DOCUMENTS = 1_000

Corpus = Annotated[Path | None, typer.Option(help="Folder of documents to measure with. Default: fitz-gov's.")]


@app.command()
def ask(
    corpus: Corpus = None,
    documents: Annotated[int, typer.Option(min=10, help="At most so many documents.")] = 1_000,
    rounds: Annotated[int, typer.Option(min=1, help="How often every question is asked.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Time of a warm answer, next to the LlamaIndex starter on the same documents and questions."""
    try:
        from eval.bench.ask import run
    except ModuleNotFoundError as error:
        raise ConfigurationError(f'{error.name} is not installed. Run: pip install ".[eval]"') from None
    from eval.bench.material import Material, fitz_gov_material, folder_material
    from rag.progress import progress_bars
    from rag.settings import load_settings

    material = (
        folder_material(corpus, documents=documents, questions=QUESTIONS)
        if corpus
        else fitz_gov_material(documents=documents)
    )
    material = Material(material.documents, material.questions[:QUESTIONS])
    with progress_bars() as bars:
        result = run(material, rounds=rounds, settings=load_settings(), bars=bars)
    if as_json:
        print_json(asdict(result))
        return
    print_rows(
        {
            "documents": result.documents,
            "questions": f"{result.questions} x {result.rounds}, {result.answered} answered",
            "attest p50 ms": result.attest.p50,
            "attest p95 ms": result.attest.p95,
            "starter p50 ms": result.starter.p50,
            "starter p95 ms": result.starter.p95,
            "attest / starter": result.ratio,
            **{f"attest {stage} p50 ms": value for stage, value in result.stages.items()},
        }
    )


@app.command()
def embedding(
    corpus: Annotated[Path | None, typer.Option(help="Folder whose chunks are embedded. Default: made prose.")] = None,
    fp32: Annotated[Path | None, typer.Option(help="Full-precision ONNX model; compares speed and hit@5.")] = None,
    texts: Annotated[int, typer.Option(min=1, help="At most so many texts.")] = 256,
    limit: Annotated[
        int | None, typer.Option(min=10, help="hit@5 over a sample of so many of fitz-gov's documents.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Speed next to Chroma's default embedder, and, given its fp32 weights, what int8 loses in hit@5."""
    from eval.bench.embedding import run
    from eval.bench.int8_loss import run as measure_loss
    from eval.bench.material import chunk_texts, prose, short_questions
    from eval.public_sets import fitz_gov_is_installed, load_fitz_gov, shrink
    from rag.progress import progress_bars
    from rag.settings import load_settings

    measured = chunk_texts(corpus, settings=load_settings(), limit=texts) if corpus else prose(texts)
    speed = run(measured, short_questions(100), fp32_model=fp32)
    loss = None
    if fp32 and fitz_gov_is_installed():
        data = load_fitz_gov(half="odd")
        with progress_bars() as bars:
            loss = measure_loss(shrink(data, documents=limit) if limit else data, fp32, bars=bars)
    if as_json:
        print_json({"speed": speed, "int8_loss": loss and asdict(loss)})
        return
    print_rows(_flat(speed))
    if loss:
        typer.echo(f"\nint8 loss, exact dense search, {loss.documents} documents of fitz-gov")
        print_figures({"hit@5 int8": loss.int8, "hit@5 fp32": loss.fp32, "hit@5 loss": loss.loss})
    elif fp32:
        typer.echo("no int8 loss: fitz-gov is not installed; pip install fitz-gov", err=True)


@app.command()
def prompts(
    corpus: Annotated[
        Path | None,
        typer.Option(help="Folder to ask about. Default: the gold set's documents, and fitz-gov's if installed."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tokens of the prompts for a language model, next to whole passages, and what evidence both hold."""
    from eval.bench.material import fitz_gov_material, folder_material
    from eval.bench.prompts import PromptSizes, run, run_gold
    from eval.cases import load_cases
    from eval.corpora import DEFAULT_CORPUS
    from eval.public_sets import fitz_gov_is_installed
    from eval.sessions import DEFAULT_SET
    from rag.progress import progress_bars
    from rag.settings import load_settings

    settings, sizes = load_settings(), dict[str, PromptSizes]()
    with progress_bars() as bars:
        if corpus:
            material = folder_material(corpus, documents=PROMPT_DOCUMENTS, questions=QUESTIONS)
            sizes[str(corpus)] = run(material, questions=QUESTIONS, settings=settings, bars=bars)
        else:
            gold = run_gold(load_cases(DEFAULT_SET), DEFAULT_CORPUS, settings=settings, bars=bars)
            sizes |= {f"gold, {half} half": found for half, found in gold.items()}
            if fitz_gov_is_installed():
                material = fitz_gov_material(documents=PROMPT_DOCUMENTS)
                sizes["fitz-gov"] = run(material, questions=QUESTIONS, settings=settings, bars=bars)
    if as_json:
        print_json({name: asdict(found) for name, found in sizes.items()})
        return
    for name, found in sizes.items():
        typer.echo(f"{name}: {found.prompts} prompts for {found.questions} questions")
        tokens = {"tokens": found.tokens, "tokens, whole passages": found.whole_tokens}
        print_rows(_flat({what: asdict(counts) for what, counts in tokens.items()}))
        print_figures(
            {
                "ratio": found.ratio,
                "evidence held": found.evidence,
                "by whole passages": found.whole_evidence,
                "difference": found.evidence_gap,
            }
        )


@app.command()
def ingest(
    documents: Annotated[int, typer.Option(min=1, help="At most so many of fitz-gov's documents.")] = 5_000,
    as_json: AsJson = False,
) -> None:
    """Time of a first, an unchanged and a slightly changed `attest ingest`, each a process of its own."""
    from eval.bench.ingest import run
    from eval.public_sets import load_fitz_gov
    from rag.progress import progress_bars
    from rag.settings import load_settings

    texts = load_fitz_gov(half="all").documents[:documents]
    with progress_bars() as bars:
        result = run(texts, settings=load_settings(), bars=bars)
    if as_json:
        print_json(asdict(result))
        return
    print_rows({name.replace("_", " "): value for name, value in asdict(result).items()})


@app.command()
def size(
    chunks: Annotated[int, typer.Option(min=20, help="About how many.")] = 100_000,
    keep: Annotated[
        Path, typer.Option(metavar="DIR", help="Keeps the collection and its index: measured again at once.")
    ] = Path(".attest/bench"),
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Stop an ingest after so long; the next run goes on with it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """A large made collection: what it takes to index, keep, search, serve and change it.

    Exit code 1 if an ingest was stopped.
    """
    from eval.bench.size import run
    from rag.progress import progress_bars
    from rag.settings import load_settings

    with progress_bars() as bars:
        result = run(keep.absolute(), chunks=chunks, within_seconds=seconds, settings=load_settings(), bars=bars)
    if as_json:
        print_json(asdict(result))
        return
    print_rows({name: value for name, value in _deep(asdict(result)) if value is not None})


@app.command()
def together(
    documents: Annotated[int, typer.Option(min=1, help="At most so many of fitz-gov's documents.")] = 5_000,
    as_json: AsJson = False,
) -> None:
    """Times of a server's answers while an ingest runs in its own process, beside those while it is held."""
    from eval.bench.material import fitz_gov_material
    from eval.bench.meanwhile import run
    from rag.progress import progress_bars
    from rag.settings import load_settings

    with progress_bars() as bars:
        result = run(fitz_gov_material(documents=documents), settings=load_settings(), bars=bars)
    if as_json:
        print_json(asdict(result))
        return
    print_rows(_rows(asdict(result)))


@app.command()
def durability(
    seconds: Annotated[float, typer.Option(min=0, help="How long readers and a writer run at once.")] = 60,
    kills: Annotated[int, typer.Option(min=0, help="How many ingests are killed.")] = 50,
    seed: Annotated[int, typer.Option(help="Of the questions and the moments of the kills.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Read while all changes, and `kill -9` the writer; exit code 1 if anything was lost, torn or left behind."""
    from eval.bench.durability import run
    from rag.progress import progress_bars
    from rag.settings import load_settings

    with progress_bars() as bars:
        result = run(seconds=seconds, kills=kills, seed=seed, settings=load_settings(), bars=bars)
    if as_json:
        print_json(asdict(result) | {"failed": result.failed})
    else:
        for part in (result.together, result.kills):
            counts = {name.replace("_", " "): value for name, value in asdict(part).items() if name != "problems"}
            print_rows(counts)
            for problem in part.problems[:10]:
                typer.echo(f"  {problem}")
            typer.echo()
        typer.echo("failed" if result.failed else "passed")
    if result.failed:
        raise typer.Exit(1)


@app.command()
def slack(
    events: Annotated[int, typer.Option(min=2, help="How many questions, each delivered four times.")] = 2_000,
    slow_events: Annotated[int, typer.Option(min=1, help="How many questions while answers are slow.")] = 200,
    answer_seconds: Annotated[float, typer.Option(min=0.1, help="How slow those are.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the order of deliveries.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Redeliver to bots that are killed, and time acknowledgements while answers are slow, against a fake Slack.

    Exit code 1 if a question was answered twice or not at all, a limit of Slack's was passed, or, while answers were
    slow, an acknowledgement in a hundred took longer than 300 ms.
    """
    from eval.bench.slack import run
    from rag.progress import progress_bars

    with progress_bars() as bars:
        result = run(events=events, slow_events=slow_events, answer_seconds=answer_seconds, seed=seed, bars=bars)
    if as_json:
        print_json(asdict(result) | {"failed": result.failed})
    else:
        for part in (result.storm, result.slow):
            counts = {name.replace("_", " "): value for name, value in asdict(part).items() if name != "problems"}
            print_rows(counts)
            for problem in part.problems[:10]:
                typer.echo(f"  {problem}")
            typer.echo()
        typer.echo("failed" if result.failed else "passed")
    if result.failed:
        raise typer.Exit(1)


@app.command()
def load(
    corpus: Annotated[Path | None, typer.Option(help="Folder of documents to serve. Default: seeds/.")] = None,
    clients: Annotated[int, typer.Option(min=1, max=1_000, help="How many streams at once.")] = 100,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="How many streams each of them asks for.")] = 3,
    seconds: Annotated[float, typer.Option(min=1, max=30, help="How long questions come at each rate.")] = 8,
    as_json: AsJson = False,
) -> None:
    """A server on this machine under load: streams of a scripted model's answers, then too many questions."""
    from eval.bench.load import run
    from eval.corpora import DEFAULT_CORPUS
    from rag.progress import progress_bars
    from rag.settings import load_settings

    with progress_bars() as bars:
        result = run(
            corpus or DEFAULT_CORPUS,
            clients=clients,
            rounds=rounds,
            seconds=seconds,
            settings=load_settings(),
            bars=bars,
        )
    if as_json:
        print_json(asdict(result))
        return
    print_rows({"documents": result.documents, "processors": result.processors, "load average": result.load_average})
    typer.echo(f"\nstreams to {clients} at once")
    print_rows(_rows(asdict(result.streams)))
    typer.echo("\nquestions, answered in the documents' own words")
    questions = asdict(result.questions)
    levels = questions.pop("levels")
    print_rows(_rows(questions))
    for level in levels:
        typer.echo(f"\nat {level.pop('times_knee'):g} times the knee")
        print_rows(_rows(level))


def _deep(values: Mapping[str, object], *above: str) -> Iterator[tuple[str, object]]:
    """`{"a": {"b": {"c": 1}}}` as `("a b c", 1)`, however deep."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _deep(value, *above, name)
        else:
            yield " ".join([*above, name]).replace("_", " "), value


def _rows(values: Mapping[str, object]) -> dict[str, object]:
    """Spreads of milliseconds as one line each."""
    return {
        name.replace("_", " "): " ".join(f"{key} {found:.1f}" for key, found in value.items()) + " ms"
        if isinstance(value, Mapping)
        else value
        for name, value in values.items()
    }


def _flat(values: Mapping[str, object]) -> dict[str, object]:
    """`{"attest": {"query_ms": 1}}` as `{"attest query ms": 1}`."""
    return {
        " ".join([name, *inner]).replace("_", " "): value
        for name, outer in values.items()
        for inner, value in (
            [([key], found) for key, found in outer.items()] if isinstance(outer, Mapping) else [([], outer)]
        )
    }
