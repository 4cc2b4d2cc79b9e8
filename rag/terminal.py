"""Answers and passages in, lines for a terminal out."""

import shutil
import textwrap
from collections.abc import Sequence

import typer

from rag.types import Answer, Passage


def show_answer(answer: Answer) -> None:
    """What was understood, the verdict where it is not plain, the sentences, and what they cite."""
    if answer.standalone_question:
        typer.echo(typer.style(wrapped(f"Understood as: {answer.standalone_question}"), dim=True))
    if answer.message:
        typer.echo(wrapped(answer.message))
    if answer.verdict == "abstained":
        if answer.passages:
            typer.echo("\nNearest passages:\n")
            for passage in answer.passages[:3]:
                show_passage(passage)
        return
    for sentence in answer.sentences:
        typer.echo(wrapped(sentence.marked))
    typer.echo()
    for citation in answer.citations:
        where = citation.place or f"characters {citation.start}-{citation.end}"
        about = [citation.title, citation.publisher, citation.published, f"{citation.source}, {where}"]
        heading = " · ".join(printable(part) for part in about if part)
        typer.echo(typer.style(wrapped(f"[{citation.marker}] {heading}", hanging="    "), bold=True))
        typer.echo(wrapped(f"“{citation.quote}”", indent="    "))


def show_passage(passage: Passage, *, copies: Sequence[str] = ()) -> None:
    heading = f"{passage.score:.3f} {printable(passage.source)}, characters {passage.start}-{passage.end}"
    typer.echo(typer.style(heading, bold=True))
    if copies:
        typer.echo(wrapped(f"nearly the same in {', '.join(copies)}", indent="    "))
    typer.echo(wrapped(passage.text, indent="    "))


def wrapped(text: str, *, indent: str = "", hanging: str | None = None) -> str:
    width = min(shutil.get_terminal_size().columns, 110)
    return textwrap.fill(
        printable(" ".join(text.split())),
        width,
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def printable(text: str) -> str:
    """Without control characters: a document must not steer the terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
