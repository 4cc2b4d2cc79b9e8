"""Gold cases and a target in, a run's folder out: each answer, or why there is none, written as soon as it is had.

A run that was killed is continued by its identity, the hash of everything that decides its answers and of its set, so
that no folder ever mixes the answers of two configurations.
"""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from eval.cases import GoldCase
from eval.compare import SplitChoice, in_split
from eval.corpora import corpus_hash
from eval.results import (
    CaseResult,
    CorpusDocument,
    Run,
    RunInfo,
    append_result,
    read_results,
    read_run,
    write_run,
)
from eval.targets import Target
from rag.errors import ConfigurationError
from rag.progress import Update

RUNS = Path("runs")
_RESULTS = "results.jsonl"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run is written; `resumed` says that its folder has results already."""

    folder: Path
    resumed: bool


def choose_cases(cases: Sequence[GoldCase], *, split: SplitChoice = "all", limit: int | None = None) -> list[GoldCase]:
    """The cases of a split in their order, or a fixed sample of `limit` of them; a larger one holds a smaller one."""
    chosen = in_split(cases, split)
    if limit is None or limit >= len(chosen):
        return chosen
    drawn = sorted(chosen, key=lambda case: hashlib.sha256(f"sample {case.id}".encode()).digest())[:limit]
    sampled = {case.id for case in drawn}
    return [case for case in chosen if case.id in sampled]


def describe_run(
    name: str, target: Target, *, cases_path: Path, corpus: Sequence[CorpusDocument], now: datetime | None = None
) -> RunInfo:
    """What is about to be run. How many of the cases are asked is no part of its identity."""
    configuration = {**target.configuration, "corpus": corpus_hash(corpus)}
    cases_hash = hash_of(cases_path)
    decides = json.dumps([target.name, configuration, cases_hash], sort_keys=True)
    return RunInfo(
        name=name,
        identity=f"sha256:{hashlib.sha256(decides.encode()).hexdigest()}",
        started=(now or datetime.now(UTC)).isoformat(timespec="seconds"),
        target=target.name,
        configuration=configuration,
        cases_path=_portable(cases_path),
        cases_hash=cases_hash,
        versions={"attest": version("attest"), "python": platform.python_version()},
    )


def hash_of(file: Path) -> str:
    return f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"


def differences(first: RunInfo, second: RunInfo) -> list[str]:
    """What decides answers and is not the same in both, as "chunk_tokens: 180, then 120".

    Of two targets, only what both are described by.
    """
    one, other = (
        {"target": info.target, **info.configuration, "gold set": info.cases_hash} for info in (first, second)
    )
    names = dict.fromkeys([*one, *other])
    return [
        f"{name}: {_shown(one.get(name))}, then {_shown(other.get(name))}"
        for name in names
        if one.get(name) != other.get(name) and (first.target == second.target or (name in one and name in other))
    ]


def find_place(info: RunInfo, *, out: Path | None = None, resume: bool = False, runs: Path = RUNS) -> Place:
    """A new folder, or with `resume` the newest one of the same identity, which may be `out` itself.

    Raises:
        ConfigurationError: `out` is taken, or `resume` finds runs of this name, but all of another identity.
    """
    if out is not None:
        if not (out / "run.json").exists():
            if out.exists() and (not out.is_dir() or any(out.iterdir())):
                raise ConfigurationError(f"--out {out} is neither a run nor an empty folder. Name another.")
            return Place(out, resumed=False)
        if not resume:
            raise ConfigurationError(f"--out {out} holds a run. Add --resume to continue it, or name another folder.")
        _refuse_another(read_run(out), info)
        return Place(out, resumed=True)
    if resume:
        earlier = [run for run in _runs_in(runs) if run.info.name == info.name]
        if same := next((run for run in earlier if run.info.identity == info.identity), None):
            return Place(same.folder, resumed=True)
        if earlier:
            _refuse_another(earlier[0], info)
    return Place(_free(runs / f"{info.started.replace(':', '').replace('+0000', 'Z')}-{info.name}"), resumed=False)


def run_cases(
    cases: Sequence[GoldCase],
    target: Target,
    *,
    info: RunInfo,
    corpus: Sequence[CorpusDocument],
    place: Place,
    progress: Update | None = None,
) -> Run:
    """Asks each case that has no answer yet, those that failed again; whatever a case raises is its failure.

    Equal targets give equal results, `seconds` and the answers' `timings_ms` apart. Only what ends the process
    (Ctrl-C among it) ends the run early; what it has is kept.
    """
    if place.resumed:
        _drop_cut_line(place.folder / _RESULTS)
    else:
        write_run(place.folder, info, corpus)
    done = {result.case_id for result in read_results(place.folder) if result.answer is not None}
    for number, case in enumerate(cases, start=1):
        if case.id not in done:
            append_result(place.folder, ask_case(case, target))
        if progress is not None:
            progress(number, len(cases))
    return read_run(place.folder)


def ask_case(case: GoldCase, target: Target) -> CaseResult:
    started = perf_counter()
    answer: Mapping[str, Any] | None = None
    failure = None
    try:
        answer = target.ask(case)
        json.dumps(answer, ensure_ascii=False, allow_nan=False).encode()  # what cannot be written is no answer
    except Exception as error:  # noqa: BLE001 - failures are data here
        answer, failure = None, f"{type(error).__name__}: {error}".encode(errors="replace").decode()
    return CaseResult(case.id, answer, failure, round(perf_counter() - started, 6))


def _runs_in(folder: Path) -> list[Run]:
    """Newest first; what is no run is passed over."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            found.append(read_run(path))
        except ConfigurationError:
            continue
    return sorted(found, key=lambda run: (run.info.started, run.folder.name), reverse=True)


def _refuse_another(run: Run, info: RunInfo) -> None:
    if run.info.identity != info.identity:
        raise ConfigurationError(
            f"{run.folder} cannot be continued, because its answers would be of two kinds: "
            f"{'; '.join(differences(run.info, info))}. Leave out --resume to start anew."
        )


def _shown(value: object) -> str:
    text = str(value)
    return f"{text[:19]}…" if text.startswith("sha256:") else text


def _drop_cut_line(path: Path) -> None:
    """Takes off the line that a kill cut short, lest the next one be written on to it."""
    if not path.is_file():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as file:
            file.truncate(whole)


def _free(folder: Path) -> Path:
    number, free = 2, folder
    while free.exists():
        free, number = folder.with_name(f"{folder.name}-{number}"), number + 1
    return free


def _portable(path: Path) -> str:
    """Relative to here where it lies below, so that a run shown elsewhere names no one's home folder."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path.resolve())
