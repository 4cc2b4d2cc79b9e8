"""Figures in, lines of a table on stdout out; `rag.console` prints the JSON."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from eval.metrics import Figure


def print_figures(figures: Mapping[str, "Figure"]) -> None:
    width = max(map(len, figures)) + 2
    for name, found in figures.items():
        if found.value is None or found.low is None or found.high is None:
            typer.echo(f"  {name:<{width}}       -  n = 0")
            continue
        digits = 3 if found.high <= 1 else 1
        interval = f"{found.low:.{digits}f} to {found.high:.{digits}f}"
        typer.echo(f"  {name:<{width}}{found.value:>8.{digits}f}  95%: {interval}, n = {found.n}")


def print_rows(rows: Mapping[str, object]) -> None:
    """One `name  value` a line; floats with three significant digits or one decimal."""
    width = max(map(len, rows)) + 2
    for name, value in rows.items():
        typer.echo(f"{name:<{width}}{_shown(value)}")


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "-" if value is None else str(value)
