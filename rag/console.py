"""A command's result in, JSON on stdout out, as every command prints it with `--json`; a complaint in, stderr out."""

import json
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def print_json(value: object, *, line: bool = False) -> None:
    """Indented, or on one `line`."""
    text = json.dumps(value, ensure_ascii=False, indent=None if line else 2)
    # What could steer a terminal (C1 controls, bidi overrides) stands inside strings only: an escape says the same.
    typer.echo("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text))


def complain(line: str) -> None:
    """Says something that is no result, on stderr."""
    typer.echo(line, err=True)
