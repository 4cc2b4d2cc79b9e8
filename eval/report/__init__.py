"""Cases and runs in, a report of them out: an HTML page that stands alone, and the same as Markdown and JSON."""

from collections.abc import Sequence
from pathlib import Path

from eval.cases import GoldCase
from eval.compare import SplitChoice
from eval.results import Run


def write_report(
    folder: Path, cases: Sequence[GoldCase], runs: Sequence[Run], *, split: SplitChoice = "all"
) -> list[Path]:
    """Writes `report.html`, `report.md` and `report.json` to `folder` and returns their paths, the page first.

    With two runs or more, each is also compared with the first.

    Raises:
        ConfigurationError: no run or no case, or the folder cannot be written to.
    """
    from eval.report.content import build_report
    from eval.report.html import to_html
    from eval.report.json import to_json
    from eval.report.markdown import to_markdown
    from rag.errors import ConfigurationError

    report = build_report(cases, runs, split=split)
    written = {
        folder / "report.html": to_html(report).encode(),
        folder / "report.md": to_markdown(report).encode(),
        folder / "report.json": to_json(report),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in written.items():
            path.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"The report cannot be written to {folder}: {error}. Name another folder.") from error
    return list(written)
