"""Seconds and kills in; what readers saw while a writer changed every document, and what killed writers left, out."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from eval.bench.kills import Kills, run_kills
from eval.bench.revisions import Trial
from eval.bench.together import Together, run_together
from rag.bootstrap import open_synchroniser
from rag.progress import Bars, silent
from rag.settings import Settings


@dataclass(frozen=True, slots=True)
class DurabilityResult:
    together: Together
    kills: Kills

    @property
    def failed(self) -> bool:
        return bool(self.together.problems or self.kills.problems)


def run(*, seconds: float, kills: int, seed: int = 0, settings: Settings, bars: Bars = silent) -> DurabilityResult:
    """Both trials in a temporary folder; 0 of either leaves it out."""
    with tempfile.TemporaryDirectory(prefix="attest-bench-") as name:
        trial = Trial(Path(name) / "corpus", Path(name) / "index", settings)
        trial.next_revision()
        open_synchroniser(trial.data_dir, settings=settings).sync([trial.corpus])
        together = run_together(trial, seconds) if seconds else Together(seconds=0.0)
        found = run_kills(trial, kills, seed, bars("Killing")) if kills else Kills()
    return DurabilityResult(together, found)
