"""A process in, the most memory that it and its children held at once out, as Linux counts it.

Resident memory counts the pages of files that are mapped, of libraries for the most part, which the system takes
back when it needs them. `own` leaves these out.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes of 2**20 bytes. A process and its children share pages that `resident` counts for each."""

    resident: float = 0.0
    own: float = 0.0

    def most(self, other: "Memory") -> "Memory":
        return Memory(max(self.resident, other.resident), max(self.own, other.own))


def memory_of(pid: int) -> Memory:
    """What a process and all that it started hold now; nothing of those that have ended."""
    found = [_status(each) for each in _family(pid)]
    return Memory(
        resident=sum(status.get("VmRSS", 0.0) for status in found),
        own=sum(status.get("RssAnon", 0.0) for status in found),
    )


def _family(pid: int) -> Iterator[int]:
    yield pid
    for children in (_PROC / str(pid) / "task").glob("*/children"):
        with contextlib.suppress(OSError):  # it has just ended
            for child in children.read_text().split():
                yield from _family(int(child))


def _status(pid: int) -> dict[str, float]:
    try:
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.split() for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): int(kilobytes) / 2**10 for name, kilobytes, _ in pairs}
