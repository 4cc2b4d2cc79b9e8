"""`attest ingest | ask | search | status`; other packages add commands through the entry points `attest.commands`.

Exit codes: 0 done (any verdict), 1 a failure, 2 bad usage or configuration. Results go to stdout, all else to stderr.
The engine is imported inside the commands, so that `attest --help` is quick.
"""

import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.console import AsJson, print_json
from rag.errors import AttestError, ConfigurationError, QuestionError

if TYPE_CHECKING:
    from rag.corpus.sync import SyncReport
    from rag.types import Answer, Passage

DEFAULT_PATH = Path("seeds")

app = typer.Typer(
    name="attest",
    help="Answers questions about your documents and proves every sentence it says.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Source = Annotated[str | None, typer.Option(help="Only documents whose source matches this glob.")]
After = Annotated[str | None, typer.Option(help="Only documents published then or later (2025, 2025-09, 2025-09-04).")]
Before = Annotated[str | None, typer.Option(help="Only documents published then or earlier.")]


def main() -> None:
    """Runs the command line; every failure is one line on stderr."""
    try:
        for entry in sorted(entry_points(group="attest.commands"), key=lambda entry: entry.name):
            app.add_typer(entry.load())
        app()
    except (ConfigurationError, QuestionError) as error:
        _fail(str(error), code=2)
    except AttestError as error:
        _fail(str(error), code=1)
    except BrokenPipeError:  # `attest … | head`
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        _fail(
            f"internal error, {type(error).__name__}: {error}. PYTHONDEVMODE=1 shows where; please report it.", code=1
        )


@app.command()
def ingest(
    paths: Annotated[
        list[Path] | None, typer.Argument(help=f"Folders or files, each a root. Default: {DEFAULT_PATH}/")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would change; change nothing.")] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Start from nothing, with PATHS or all roots the index has.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the index in line with your documents: new, changed and removed files."""
    from rag.bootstrap import open_synchroniser
    from rag.progress import progress_bars

    synchroniser = open_synchroniser()
    roots = paths or (rebuild and synchroniser.known_roots()) or [DEFAULT_PATH]
    with progress_bars() as bars:
        report = synchroniser.sync(roots, rebuild=rebuild, dry_run=dry_run, progress=bars("Indexing documents"))
    for source, problem in report.failed:
        _complain(f"{_printable(source)}: {_printable(problem)}")
    print_json(asdict(report)) if as_json else _show_report(report)
    if report.failed:
        raise typer.Exit(1)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    source: Source = None,
    published_after: After = None,
    published_before: Before = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question with cited passages, or say that the documents do not."""
    from rag.bootstrap import open_chatbot
    from rag.questions import parse_question

    asked = parse_question(question, source=source, published_after=published_after, published_before=published_before)
    answer = open_chatbot().ask(asked)
    print_json(answer.to_dict()) if as_json else _show_answer(answer)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many passages.")] = 5,
    source: Source = None,
    published_after: After = None,
    published_before: Before = None,
    as_json: AsJson = False,
) -> None:
    """Show the passages nearest to a query."""
    from rag.bootstrap import open_chatbot
    from rag.questions import parse_question

    asked = parse_question(query, source=source, published_after=published_after, published_before=published_before)
    hits = open_chatbot().search(asked, limit=limit)
    if as_json:
        print_json([{**asdict(hit.passage()), "copies": [copy.source for copy in hit.copies]} for hit in hits])
        return
    for hit in hits:
        _show_passage(hit.passage(), copies=[copy.source for copy in hit.copies])
    if not hits:
        _complain("nothing found; `attest status` shows what is indexed")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show what is indexed, and with which models."""
    from rag.bootstrap import describe_index

    described = describe_index()
    if as_json:
        print_json(described)
        return
    for name, value in described.items():
        shown = "\n".join(_printable(str(item)) for item in value) if isinstance(value, list) else str(value)
        typer.echo(f"{name.replace('_', ' ') + ':':<18}{textwrap.indent(shown, ' ' * 18).strip()}")
    if described["generation"] is None:
        _complain("nothing is indexed yet; run: attest ingest PATH")


def _show_report(report: "SyncReport") -> None:
    if report.dry_run:
        for sign, sources in (("+", report.added), ("~", report.changed), ("-", report.removed)):
            for source in sources:
                typer.echo(f"{sign} {_printable(source)}")
    changes = (
        f"{len(report.added)} new, {len(report.changed)} changed, {len(report.removed)} removed, "
        f"{report.unchanged} unchanged, {len(report.failed)} failed"
    )
    if report.dry_run:
        typer.echo(f"{changes} (dry run: nothing was written)")
    else:
        typer.echo(
            f"{changes}; {report.documents} documents in {report.chunks} chunks, "
            f"generation {report.generation}, {report.seconds:.1f} s"
        )


def _show_answer(answer: "Answer") -> None:
    from rag.answering.verdict import explain

    if answer.verdict == "abstained":
        typer.echo(explain(answer.reason))
        if answer.passages:
            typer.echo("\nNearest passages:\n")
            for passage in answer.passages[:3]:
                _show_passage(passage)
        return
    for sentence in answer.sentences:
        typer.echo(_wrapped(sentence.marked))
    typer.echo()
    for citation in answer.citations:
        about = [citation.title, citation.published, f"{citation.source}, characters {citation.start}-{citation.end}"]
        heading = " · ".join(_printable(part) for part in about if part)
        typer.echo(typer.style(_wrapped(f"[{citation.marker}] {heading}", hanging="    "), bold=True))
        typer.echo(_wrapped(f"“{citation.quote}”", indent="    "))


def _show_passage(passage: "Passage", *, copies: Sequence[str] = ()) -> None:
    heading = f"{passage.score:.3f} {_printable(passage.source)}, characters {passage.start}-{passage.end}"
    typer.echo(typer.style(heading, bold=True))
    if copies:
        typer.echo(_wrapped(f"nearly the same in {', '.join(copies)}", indent="    "))
    typer.echo(_wrapped(passage.text, indent="    "))


def _wrapped(text: str, *, indent: str = "", hanging: str | None = None) -> str:
    width = min(shutil.get_terminal_size().columns, 110)
    return textwrap.fill(
        _printable(" ".join(text.split())),
        width,
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _printable(text: str) -> str:
    """Without control characters: a document must not steer the terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _complain(line: str) -> None:
    typer.echo(line, err=True)


def _fail(message: str, *, code: int) -> None:
    _complain(f"attest: {message}")
    sys.exit(code)
