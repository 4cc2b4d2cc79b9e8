"""How far a long piece of work is in, bars on stderr out; nothing where stderr is not a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Update = Callable[[int, int], None]
"""Told (done, total)."""
Bars = Callable[[str], Update]
"""Given what is being done, gives the `Update` of its bar, which appears when first told."""


@contextmanager
def progress_bars() -> Iterator[Bars]:
    """Bars for as long as the block runs; they leave nothing behind."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    display = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )

    def bar(label: str) -> Update:
        task = display.add_task(label, total=None, visible=False)
        return lambda done, total: display.update(task, completed=done, total=total, visible=True)

    with display:
        yield bar


def silent(label: str) -> Update:
    """Bars for nobody."""
    return nobody


def nobody(done: int, total: int) -> None:
    """An update that is not shown."""
