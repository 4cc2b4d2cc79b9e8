"""An index and a number in; what stood after that many `kill -9` of its writers, and what they left behind, out.

A writer is a process that brings the index in line with the next revision, in which every file is changed, one is new
and one gone, or, one in four, that rebuilds its vectors: what `attest ingest` and `attest rebuild` run. It is forked
from a process that has imported all of the engine, so that it dies at its work and not while Python starts.
"""

import json
import multiprocessing
import os
import random
import signal
import subprocess
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from statistics import median
from time import perf_counter

from eval.bench.ingest import ATTEST, environment, ingest
from eval.bench.revisions import Seen, Trial, any_question, look_at_answer, look_at_index
from rag.bootstrap import make_embedder, open_chatbot, open_synchroniser, rebuild_corpus
from rag.chatbot import Chatbot
from rag.errors import AttestError
from rag.index.reader import IndexReader
from rag.progress import Update

_ANSWER_SECONDS = 120.0
_REBUILD_EVERY = 4
_FRESH_EVERY = 25  # kills: a process that asks takes longer to start than a writer to be done
_LONGEST_SECONDS = 120.0
_TIMED_RUNS = 5
_IMPORTED = ["eval.bench.kills", "rag.corpus.chunking", "rag.index.transfer"]


@dataclass(slots=True, kw_only=True)
class Kills:
    """`kill -9` of writers. `wrong_answers` are of the reader that lived through it, of a fresh process, or of the
    index as a whole, which is looked at after each: lost documents and half visible ones are among them.

    `run_seconds` and `rebuild_seconds` are what writers take that are left alone.
    """

    kills: int = 0
    run_seconds: float = 0.0
    rebuild_seconds: float = 0.0
    of_rebuilds: int = 0
    while_writing: int = 0
    after_publishing: int = 0
    ended_before: int = 0
    wrong_answers: int = 0
    last_ingest_failed: bool = False
    rubbish: int = 0
    problems: list[str] = field(default_factory=list)


def run_kills(trial: Trial, kills: int, seed: int, progress: Update) -> Kills:
    """Kills writers at seeded moments spread evenly over their runs, looking at what stands after each.

    A run that ends before its moment is not counted as a kill, and tried again.
    """
    generator = random.Random(seed)  # noqa: S311 - a sample, not a secret
    result = Kills(run_seconds=_seconds(trial, "ingest"), rebuild_seconds=_seconds(trial, "rebuild"))
    standing = trial.revision
    parts = [(part + generator.random()) / kills for part in range(kills)]
    generator.shuffle(parts)
    chatbot = open_chatbot(trial.data_dir, settings=trial.settings)
    try:
        while result.kills < kills and result.ended_before < 2 * kills:
            is_rebuild = result.kills % _REBUILD_EVERY == _REBUILD_EVERY - 1
            revision = standing if is_rebuild else trial.next_revision()
            seconds = parts[result.kills] * (result.rebuild_seconds if is_rebuild else result.run_seconds)
            ended = _start_and_kill(trial, "rebuild" if is_rebuild else "ingest", seconds, result)
            allowed = {revision} if ended else {standing, revision}
            is_fresh = result.kills % _FRESH_EVERY == 0
            standing = _after_kill(trial, chatbot, generator, allowed, standing, result, is_fresh=is_fresh)
            if ended:
                result.ended_before += 1
            else:
                result.kills += 1
                result.of_rebuilds += is_rebuild
                result.after_publishing += standing == revision and not is_rebuild
            progress(result.kills, kills)
    finally:
        chatbot.close()
    if result.kills < kills:
        result.problems.append(f"only {result.kills} of {kills} writers ran long enough to be killed")
    _last_ingest(trial, generator, result)
    return result


def _write(work: str, trial: Trial) -> None:
    """What a writer does; its failures are told by its exit code."""
    os.setsid()  # what reads files for it dies with it
    if work == "rebuild":
        rebuild_corpus(trial.data_dir, source=None, settings=trial.settings)
    else:
        open_synchroniser(trial.data_dir, settings=trial.settings).sync([trial.corpus])


def _start(work: str, trial: Trial) -> BaseProcess:
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload(_IMPORTED)
    process = forking.Process(target=_write, args=(work, trial))
    process.start()
    return process


def _seconds(trial: Trial, work: str) -> float:
    """Of a writer that is left alone, the median."""
    found = []
    for _ in range(_TIMED_RUNS):
        if work == "ingest":
            trial.next_revision()
        started = perf_counter()
        process = _start(work, trial)
        process.join(_LONGEST_SECONDS)
        if process.exitcode != 0:
            raise AttestError(f"{work} ended with {process.exitcode}")
        found.append(perf_counter() - started)
    return median(found)


def _start_and_kill(trial: Trial, work: str, seconds: float, result: Kills) -> bool:
    """Starts a writer and kills it so many seconds later; whether it had ended by itself."""
    before = _generations(trial.data_dir)
    process = _start(work, trial)
    process.join(seconds)
    if process.exitcode is None:
        result.while_writing += bool(_generations(trial.data_dir) - before)
        process.kill()
    process.join()
    if process.exitcode not in (0, -signal.SIGKILL):
        result.problems.append(f"{work} ended with {process.exitcode} before it was killed")
    return process.exitcode != -signal.SIGKILL


def _after_kill(
    trial: Trial,
    chatbot: Chatbot,
    generator: random.Random,
    allowed: set[int],
    standing: int,
    result: Kills,
    *,
    is_fresh: bool,
) -> int:
    """Asks the reader that lived through the kill and, if that is wanted, a fresh process, and looks at the index."""
    looks = {"the living reader": _ask(chatbot, generator), "the index": _open_and_look(trial)}
    if is_fresh:
        looks["a fresh process"] = _ask_afresh(trial, generator)
    shown = {seen.revision for seen in looks.values()}
    problems = [f"{who}: {problem}" for who, seen in looks.items() for problem in seen.problems]
    if not problems and (len(shown) != 1 or not shown <= allowed):
        problems.append(f"revisions {[seen.revision for seen in looks.values()]} where one of {allowed} should stand")
    result.wrong_answers += bool(problems)
    result.problems += problems
    return next((revision for revision in shown if revision is not None), standing)


def _last_ingest(trial: Trial, generator: random.Random, result: Kills) -> None:
    """Nobody reads any more: one more ingest must succeed and leave its generation, the one before and nothing else."""
    revision = trial.next_revision()
    try:
        ingest(trial.corpus, trial.data_dir, settings=trial.settings)
    except AttestError as error:
        result.last_ingest_failed = True
        result.problems.append(str(error))
        return
    for seen in (_ask_afresh(trial, generator), _open_and_look(trial)):
        if seen.revision != revision:
            result.last_ingest_failed = True
            result.problems.append(f"after the last ingest revision {seen.revision} stands, not {revision}")
        result.problems += seen.problems
    published = (trial.data_dir / "CURRENT").read_text().split()
    known = {"CURRENT", "writer.lock", "generations", *(f"generations/{number}" for number in published)}
    left = {
        path.relative_to(trial.data_dir).as_posix()
        for pattern in ("*", "generations/*")
        for path in trial.data_dir.glob(pattern)
    }
    result.rubbish = len(left - known)
    result.problems += [f"left behind: {path}" for path in sorted(left - known)]


def _ask(chatbot: Chatbot, generator: random.Random) -> Seen:
    try:
        return look_at_answer(chatbot.ask(any_question(generator)).to_dict())
    except Exception as error:  # noqa: BLE001 - any failure is what is counted
        return Seen(None, (f"{type(error).__name__}: {error}",))


def _ask_afresh(trial: Trial, generator: random.Random) -> Seen:
    done = subprocess.run(  # noqa: S603 - our own command
        [*ATTEST, "ask", any_question(generator), "--json"],
        capture_output=True,
        text=True,
        timeout=_ANSWER_SECONDS,
        cwd=trial.data_dir.parent,
        env=environment(trial.data_dir, trial.settings),
        check=False,
    )
    if done.returncode != 0:
        return Seen(None, (f"attest ask ended with {done.returncode}: {done.stderr.strip()}",))
    return look_at_answer(json.loads(done.stdout))


def _open_and_look(trial: Trial) -> Seen:
    reader = IndexReader(trial.data_dir, embedding_model=make_embedder(trial.settings).name)
    try:
        with reader.use() as index:
            return look_at_index(index) if index is not None else Seen(None, ("no generation is published",))
    except AttestError as error:
        return Seen(None, (str(error),))
    finally:
        reader.close()


def _generations(data_dir: Path) -> set[tuple[str, int]]:
    """Names and times of change: a draft takes the number of a dead one that it has just deleted."""
    return {(path.name, path.stat().st_ctime_ns) for path in (data_dir / "generations").iterdir()}
