"""The processes of one server in, what they have counted and spent together out, as Prometheus reads it."""

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

COUNTED = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder into which several workers count; prometheus_client reads it when imported."""

_OF_THE_FIRST = {"process_start_time_seconds", "process_max_fds"}  # the rest is added up


def exposition() -> bytes:
    """All metrics: of this process, or, where there are several workers, of all."""
    folder = os.environ.get(COUNTED)
    if not folder:
        return generate_latest()
    pids = _pids()
    _drop_gauges_of_ended(Path(folder), pids)
    registry = CollectorRegistry()
    registry.register(_Together(pids))
    registry.register(MultiProcessCollector(None, path=folder))  # type: ignore[no-untyped-call]
    return generate_latest(registry)


class _Together(Collector):
    """Time of the processors, memory and open files of all the processes."""

    def __init__(self, pids: list[int]) -> None:
        self._pids = pids

    def collect(self) -> Iterator[Metric]:
        together: dict[str, Metric] = {}
        for pid in self._pids:
            for metric in ProcessCollector(pid=lambda pid=pid: pid, registry=None).collect():  # type: ignore[misc]
                first = together.setdefault(metric.name, metric)
                if first is not metric and metric.name not in _OF_THE_FIRST:
                    [sum_before], [more] = first.samples, metric.samples
                    first.samples = [sum_before._replace(value=sum_before.value + more.value)]
        yield from together.values()


def _pids() -> list[int]:
    """Of the process that started the workers, and of these; of this one alone where nothing started it as a worker."""
    parent = multiprocessing.parent_process()
    if parent is None or parent.pid is None:
        return [os.getpid()]
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    return [parent.pid, *map(int, children.read_text().split())] if children.exists() else [os.getpid()]


def _drop_gauges_of_ended(folder: Path, pids: list[int]) -> None:
    """What a killed process was at, it is no longer; what it has counted stays."""
    counting = {int(file.stem.rpartition("_")[2]) for file in folder.glob("gauge_live*.db")}
    for pid in counting.difference(pids):
        mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
