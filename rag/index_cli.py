"""`attest ingest | status | rebuild | export`: what is indexed, brought in line, shown, made anew and written out."""

import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.console import AsJson, complain, print_json
from rag.corpora import DEFAULT_CORPUS, corpus_folder
from rag.errors import ConfigurationError
from rag.terminal import printable

if TYPE_CHECKING:
    from rag.corpus.sync import SyncReport

DEFAULT_PATH = Path("seeds")

_MOST_RENAMED = 20  # that are shown one by one: a folder may have been moved

app = typer.Typer()

Corpus = Annotated[str, typer.Option(help="Which corpus; each has its own index and conversations.")]


@app.command()
def ingest(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATHS]...", help=f"Folders or files, each a root. Default: {DEFAULT_PATH}/"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would change; change nothing.")] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Start from nothing, with PATHS or all roots the index has.")
    ] = False,
    corpus: Corpus = DEFAULT_CORPUS,
    as_json: AsJson = False,
) -> None:
    """Bring the index in line with your documents: new, changed, renamed and removed files."""
    from rag.settings import load_settings

    settings = load_settings()
    folder = corpus_folder(settings.data_dir, corpus)
    _let_answers_come_first(folder)
    from rag.bootstrap import open_synchroniser
    from rag.progress import progress_bars

    synchroniser = open_synchroniser(folder, settings=settings)
    roots = _roots(paths or []) or (rebuild and synchroniser.known_roots()) or [DEFAULT_PATH]
    with progress_bars() as bars:
        report = synchroniser.sync(
            roots,
            rebuild=rebuild,
            dry_run=dry_run,
            progress=bars("Indexing documents"),
            looking=bars("Looking at files"),
        )
    for source, problem in (*report.warnings, *report.failed):
        complain(f"{printable(source)}: {printable(problem)}")
    print_json(asdict(report)) if as_json else _show_report(report)
    if report.failed:
        raise typer.Exit(1)


@app.command()
def status(corpus: Corpus = DEFAULT_CORPUS, as_json: AsJson = False) -> None:
    """Show what is indexed, and with which models."""
    from rag.bootstrap import describe_index
    from rag.settings import load_settings

    settings = load_settings()
    described = describe_index(corpus_folder(settings.data_dir, corpus), settings=settings)
    if as_json:
        print_json(described)
        return
    if described["generation"] is None:
        named = "" if corpus == DEFAULT_CORPUS else f" --corpus {corpus}"
        complain(f"nothing is indexed yet in {described['data_dir']}; run: attest ingest PATH{named}")
        return
    for name, value in described.items():
        if name == "warning":
            continue
        shown = "\n".join(printable(str(item)) for item in value) if isinstance(value, list) else str(value)
        typer.echo(f"{name.replace('_', ' ') + ':':<18}{textwrap.indent(shown, ' ' * 18).strip()}")
    if described["warning"]:
        complain(f"attest: {described['warning']}")


@app.command()
def rebuild(
    source: Annotated[
        Path | None, typer.Option("--from", help="A file that `attest export FILE.sqlite` wrote; replaces the corpus.")
    ] = None,
    corpus: Corpus = DEFAULT_CORPUS,
    as_json: AsJson = False,
) -> None:
    """Make the vector index anew from the stored documents; nothing is read or embedded again."""
    from rag.settings import load_settings

    settings = load_settings()
    folder = corpus_folder(settings.data_dir, corpus)
    _let_answers_come_first(folder)
    from rag.bootstrap import rebuild_corpus

    report = rebuild_corpus(folder, source=source, settings=settings)
    if as_json:
        print_json(asdict(report))
        return
    made = f"generation {report.generation}, {report.seconds:.1f} s"
    typer.echo(f"{report.documents} documents in {report.chunks} chunks, {made}")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="FILE.sqlite holds all that `rebuild --from` needs; FILE.jsonl, texts.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    corpus: Corpus = DEFAULT_CORPUS,
    as_json: AsJson = False,
) -> None:
    """Write what is indexed to one file."""
    from rag.bootstrap import export_corpus
    from rag.settings import load_settings

    documents = export_corpus(file, corpus_folder(load_settings().data_dir, corpus), force=force)
    if as_json:
        print_json({"file": str(file), "documents": documents})
    else:
        typer.echo(f"{documents} documents written to {printable(str(file))}")


def _let_answers_come_first(folder: Path) -> None:
    """Has this process, and what it imports and starts from now on, give way to those that answer."""
    from rag.index.generations import Generations
    from rag.precedence import come_second

    come_second(leave_a_processor=Generations(folder).is_read())


def _roots(paths: Sequence[str]) -> list[Path]:
    if not all(path.strip() for path in paths):  # to Path, "" is the current folder
        raise ConfigurationError("a path to ingest is empty. Give the path of your documents.")
    return [Path(path) for path in paths]


def _show_report(report: "SyncReport") -> None:
    renamed = [f"{old} -> {new}" for old, new in report.renamed]
    if report.dry_run:
        for sign, sources in (("+", report.added), ("~", report.changed), (">", renamed), ("-", report.removed)):
            for source in sources:
                typer.echo(f"{sign} {printable(source)}")
    else:
        for names in renamed[:_MOST_RENAMED]:
            typer.echo(f"renamed {printable(names)}")
        if len(renamed) > _MOST_RENAMED:
            typer.echo(f"and {len(renamed) - _MOST_RENAMED} more; --json has them all")
    partly = len({source for source, _ in report.warnings})
    changes = (
        f"{len(report.added)} new, {len(report.changed)} changed, {len(report.renamed)} renamed, "
        f"{len(report.removed)} removed, {report.unchanged} unchanged, {len(report.failed)} failed"
        f"{f', {partly} not wholly read' if partly else ''}"
    )
    if report.dry_run:
        typer.echo(f"{changes} (dry run: nothing was written)")
    else:
        typer.echo(
            f"{changes}; {report.documents} documents in {report.chunks} chunks, "
            f"generation {report.generation}, {report.seconds:.1f} s"
        )
