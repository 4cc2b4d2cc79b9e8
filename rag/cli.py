"""`attest ingest | ask | chat | search | status`; other packages add commands by the entry points `attest.commands`.

Exit codes: 0 done (any verdict), 1 a failure, 2 bad usage or configuration. Results go to stdout, all else to stderr.
The engine is imported inside the commands, so that `attest --help` is quick.
"""

import json
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.console import AsJson, print_json
from rag.corpora import DEFAULT_CORPUS, corpus_folder
from rag.errors import AttestError, ConfigurationError, QuestionError
from rag.terminal import printable, show_answer, show_passage

if TYPE_CHECKING:
    from rag.chatbot import Chatbot
    from rag.corpus.sync import SyncReport

DEFAULT_PATH = Path("seeds")

app = typer.Typer(
    name="attest",
    help="Answers questions about your documents and proves every sentence it says.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Corpus = Annotated[str, typer.Option(help="Which corpus; each has its own index and conversations.")]
Source = Annotated[str | None, typer.Option(help="Only documents whose source matches this glob.")]
After = Annotated[str | None, typer.Option(help="Only documents published then or later (2025, 2025-09, 2025-09-04).")]
Before = Annotated[str | None, typer.Option(help="Only documents published then or earlier.")]
ConversationId = Annotated[
    str | None, typer.Option(help="Continue the conversation kept under this id; 'new' begins one.")
]
AsOf = Annotated[str | None, typer.Option(help="Asked as of then: later documents are hidden.")]


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
    corpus: Corpus = DEFAULT_CORPUS,
    as_json: AsJson = False,
) -> None:
    """Bring the index in line with your documents: new, changed and removed files."""
    from rag.bootstrap import open_synchroniser
    from rag.progress import progress_bars
    from rag.settings import load_settings

    settings = load_settings()
    synchroniser = open_synchroniser(corpus_folder(settings.data_dir, corpus), settings=settings)
    roots = paths or (rebuild and synchroniser.known_roots()) or [DEFAULT_PATH]
    with progress_bars() as bars:
        report = synchroniser.sync(roots, rebuild=rebuild, dry_run=dry_run, progress=bars("Indexing documents"))
    for source, problem in report.failed:
        _complain(f"{printable(source)}: {printable(problem)}")
    print_json(asdict(report)) if as_json else _show_report(report)
    if report.failed:
        raise typer.Exit(1)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    source: Source = None,
    published_after: After = None,
    published_before: Before = None,
    as_of: AsOf = None,
    history: Annotated[
        Path | None,
        typer.Option(help='The conversation before, as JSON: [{"role": "user" | "assistant", "content": "…"}, …].'),
    ] = None,
    conversation_id: ConversationId = None,
    corpus: Corpus = DEFAULT_CORPUS,
    as_json: AsJson = False,
) -> None:
    """Answer a question with cited passages, or say that the documents do not."""
    from rag.bootstrap import open_corpora
    from rag.questions import parse_history, parse_question

    asked = parse_question(
        question, source=source, published_after=published_after, published_before=published_before, as_of=as_of
    )
    if history and conversation_id:
        raise QuestionError("--history and --conversation-id both say what was said before; give one of them")
    said = parse_history(_read_json(history)) if history else []
    chatbot = open_corpora().get(corpus)
    answer = chatbot.ask(asked, history=said, conversation_id=_conversation(chatbot, conversation_id))
    print_json(answer.to_dict()) if as_json else show_answer(answer)


@app.command()
def chat(
    source: Source = None,
    published_after: After = None,
    published_before: Before = None,
    as_of: AsOf = None,
    conversation_id: ConversationId = None,
    corpus: Corpus = DEFAULT_CORPUS,
    as_json: AsJson = False,
) -> None:
    """Ask one question after another; a follow-up is understood from those before it. End with Ctrl-D.

    With --json, each line of standard input is a question and each answer a line of JSON. Nothing is kept of it without
    --conversation-id.
    """
    from rag.bootstrap import open_corpora
    from rag.protocols import Message
    from rag.questions import parse_question

    chatbot, history = open_corpora().get(corpus), list[Message]()
    kept = _conversation(chatbot, conversation_id)
    for line in _typed_questions():
        try:
            asked = parse_question(
                line, source=source, published_after=published_after, published_before=published_before, as_of=as_of
            )
        except QuestionError as error:
            _complain(f"attest: {error}")
            continue
        answer = chatbot.ask(asked, history=() if kept else history, conversation_id=kept)
        print_json(answer.to_dict(), line=True) if as_json else show_answer(answer)
        history += [
            Message("user", asked.text),
            Message("assistant", answer.text or answer.message),
        ]


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many passages.")] = 5,
    source: Source = None,
    published_after: After = None,
    published_before: Before = None,
    as_of: AsOf = None,
    corpus: Corpus = DEFAULT_CORPUS,
    as_json: AsJson = False,
) -> None:
    """Show the passages nearest to a query."""
    from rag.bootstrap import open_corpora
    from rag.questions import parse_question

    asked = parse_question(
        query, source=source, published_after=published_after, published_before=published_before, as_of=as_of
    )
    hits = open_corpora().get(corpus).search(asked, limit=limit)
    if as_json:
        print_json([{**asdict(hit.passage()), "copies": [copy.source for copy in hit.copies]} for hit in hits])
        return
    for hit in hits:
        show_passage(hit.passage(), copies=[copy.source for copy in hit.copies])
    if not hits:
        _complain("nothing found; `attest status` shows what is indexed")


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
    for name, value in described.items():
        shown = "\n".join(printable(str(item)) for item in value) if isinstance(value, list) else str(value)
        typer.echo(f"{name.replace('_', ' ') + ':':<18}{textwrap.indent(shown, ' ' * 18).strip()}")
    if described["generation"] is None:
        _complain("nothing is indexed yet; run: attest ingest PATH")


def _conversation(chatbot: "Chatbot", conversation_id: str | None) -> str | None:
    """The id to ask under: a new conversation's is shown, so that it can be continued."""
    if conversation_id != "new":
        return conversation_id
    begun = chatbot.conversations.create()
    _complain(f"conversation {begun}")
    return begun


def _typed_questions() -> Iterator[str]:
    """Lines of standard input that are not empty, with a prompt where a person types them, until it ends."""
    prompt = "\n> " if sys.stdin.isatty() else ""
    while True:
        try:
            line = input(prompt)
        except (EOFError, KeyboardInterrupt):
            typer.echo(err=True)
            return
        if line.strip():
            yield line


def _read_json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise QuestionError(f"{path} cannot be read as JSON: {error}") from None


def _show_report(report: "SyncReport") -> None:
    if report.dry_run:
        for sign, sources in (("+", report.added), ("~", report.changed), ("-", report.removed)):
            for source in sources:
                typer.echo(f"{sign} {printable(source)}")
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


def _complain(line: str) -> None:
    typer.echo(line, err=True)


def _fail(message: str, *, code: int) -> None:
    _complain(f"attest: {message}")
    sys.exit(code)
