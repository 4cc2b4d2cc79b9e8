"""Files that could not be read in, the same known at the next sync out: one that is as it was is not read again.

They lie in `unread.json` in the data directory, by root: fingerprints, as of what is indexed, each with the reason.
Another version of Attest or other limits may read them, so under those nothing is known.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from rag.corpus.parse_worker import Limits

UNREAD = "unread.json"

Unread = Mapping[str, Mapping[str, str]]
"""Root to fingerprint to reason."""


class UnreadFiles:
    """What one data directory knows of such files; losing it costs work and nothing else."""

    def __init__(self, data_dir: Path, limits: Limits) -> None:
        self._path = data_dir / UNREAD
        self._basis = {"attest": version("attest"), "limits": asdict(limits)}

    def load(self) -> Unread:
        """All that is known; nothing where the file is damaged."""
        try:
            stored = json.loads(self._path.read_bytes())
            return dict(stored["files"]) if stored["basis"] == self._basis else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def save(self, found: Unread) -> None:
        """Notes what was found in these roots, in place of what was known of them. For the one writer."""
        known = self.load()
        files = {root: reasons for root, reasons in {**known, **found}.items() if reasons}
        if files == known:
            return
        made = self._path.with_suffix(".new")
        made.write_text(json.dumps({"basis": self._basis, "files": files}, indent=1))
        made.replace(self._path)
