"""An index and a number in; what stood after that many `kill -9` of `attest ingest`, and what they left behind, out."""

import json
import os
import random
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from eval.bench.ingest import ATTEST, environment, ingest, start_ingest
from eval.bench.revisions import Seen, Trial, any_question, look_at_answer, look_at_index
from rag.bootstrap import make_embedder, open_chatbot
from rag.chatbot import Chatbot
from rag.errors import AttestError
from rag.index.reader import IndexReader
from rag.progress import Update

_ANSWER_SECONDS = 120.0


@dataclass(slots=True, kw_only=True)
class Kills:
    """`kill -9` of `attest ingest`. `wrong_answers` are of the reader that lived through it, or of a fresh process."""

    kills: int = 0
    run_seconds: float = 0.0
    while_writing: int = 0
    after_publishing: int = 0
    ended_before: int = 0
    wrong_answers: int = 0
    last_ingest_failed: bool = False
    rubbish: int = 0
    problems: list[str] = field(default_factory=list)


def run_kills(trial: Trial, kills: int, seed: int, progress: Update) -> Kills:
    """Kills `attest ingest` at seeded moments spread evenly over its run, looking at what stands after each.

    A run that ends before its moment is not counted as a kill, and tried again.
    """
    generator = random.Random(seed)  # noqa: S311 - a sample, not a secret
    standing = trial.next_revision()
    result = Kills(run_seconds=ingest(trial.corpus, trial.data_dir, settings=trial.settings).seconds)
    moments = [result.run_seconds * (part + generator.random()) / kills for part in range(kills)]
    generator.shuffle(moments)
    chatbot = open_chatbot(trial.data_dir, settings=trial.settings)
    try:
        while result.kills < kills and result.ended_before < 2 * kills:
            revision = trial.next_revision()
            ended = _ingest_and_kill(trial, moments[result.kills], result)
            allowed = {revision} if ended else {standing, revision}
            standing = _after_kill(trial, chatbot, generator, allowed, standing, result)
            if ended:
                result.ended_before += 1
            else:
                result.kills += 1
                result.after_publishing += standing == revision
            progress(result.kills, kills)
    finally:
        chatbot.close()
    if result.kills < kills:
        result.problems.append(f"only {result.kills} of {kills} ingests ran long enough to be killed")
    _last_ingest(trial, generator, result)
    return result


def _ingest_and_kill(trial: Trial, seconds: float, result: Kills) -> bool:
    """Starts an ingest and kills it so many seconds later; whether it had ended by itself."""
    before = _generations(trial.data_dir)
    process = start_ingest(trial.corpus, trial.data_dir, settings=trial.settings, output=subprocess.DEVNULL)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        result.while_writing += bool(_generations(trial.data_dir) - before)
        os.killpg(process.pid, signal.SIGKILL)
    code = process.wait()
    if code not in (0, -signal.SIGKILL):
        result.problems.append(f"attest ingest ended with {code} before it was killed")
    return code != -signal.SIGKILL


def _after_kill(
    trial: Trial, chatbot: Chatbot, generator: random.Random, allowed: set[int], standing: int, result: Kills
) -> int:
    """Asks the reader that lived through the kill and a fresh process, and looks at the whole index."""
    looks = {
        "the living reader": _ask(chatbot, generator),
        "a fresh process": _ask_afresh(trial, generator),
        "the index": _open_and_look(trial),
    }
    shown = {seen.revision for seen in looks.values()}
    problems = [f"{who}: {problem}" for who, seen in looks.items() for problem in seen.problems]
    if not problems and (len(shown) != 1 or not shown <= allowed):
        problems.append(f"revisions {[seen.revision for seen in looks.values()]} where one of {allowed} should stand")
    result.wrong_answers += bool(problems)
    result.problems += problems
    return next((revision for revision in shown if revision is not None), standing)


def _last_ingest(trial: Trial, generator: random.Random, result: Kills) -> None:
    """Nobody reads any more: one more ingest must succeed and leave one generation and nothing else."""
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
    current = (trial.data_dir / "CURRENT").read_text().strip()
    known = {"CURRENT", "writer.lock", "generations", f"generations/{current}"}
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
