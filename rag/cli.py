"""`attest ask | chat | search`, beside what `rag.index_cli` and the entry points `attest.commands` of others add.

Exit codes: 0 done (any verdict), 1 a failure, 2 bad usage or configuration. Results go to stdout, all else to stderr.
The engine is imported inside the commands, so that `attest --help` is quick.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.console import AsJson, complain, print_json
from rag.corpora import DEFAULT_CORPUS
from rag.errors import AttestError, ConfigurationError, QuestionError
from rag.index_cli import Corpus
from rag.index_cli import app as index_app
from rag.terminal import show_answer, show_passage

if TYPE_CHECKING:
    from rag.chatbot import Chatbot

app = typer.Typer(
    name="attest",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(index_app)

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


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"attest {version('attest')}")
        raise typer.Exit


@app.callback()
def attest(
    shows_version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Answers questions about your documents and proves every sentence it says."""


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
            complain(f"attest: {error}")
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
    from rag.questions import parse_question, undated_left_out

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
        complain(undated_left_out(asked) or "nothing found; `attest status` shows what is indexed")


def _conversation(chatbot: "Chatbot", conversation_id: str | None) -> str | None:
    """The id to ask under: a new conversation's is shown, so that it can be continued."""
    if conversation_id != "new":
        return conversation_id
    begun = chatbot.conversations.create()
    complain(f"conversation {begun}")
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


def _fail(message: str, *, code: int) -> None:
    complain(f"attest: {message}")
    sys.exit(code)
