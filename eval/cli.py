"""`attest eval …` and `attest bench …`."""

import typer

app = typer.Typer()
