"""An index and a time in; what two reading processes saw while a third changed every document again and again out."""

import multiprocessing
import random
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.synchronize import Barrier
from pathlib import Path

from eval.bench.revisions import Trial, any_question, look_at_answer, names
from rag.bootstrap import open_chatbot, open_synchroniser
from rag.settings import Settings

READERS = 2
_START_SECONDS = 120.0  # for the processes to import and meet


@dataclass(slots=True, kw_only=True)
class Together:
    """Readers and a writer at once. `torn` counts answers that are not of one revision to the letter."""

    seconds: float
    readers: int = READERS
    questions: int = 0
    answered: int = 0
    revisions_seen: int = 0
    generations_written: int = 0
    errors: int = 0
    torn: int = 0
    backwards: int = 0
    problems: list[str] = field(default_factory=list)


def run_together(trial: Trial, seconds: float) -> Together:
    """Two readers that ask all the time and a writer that changes everything, each a process of its own."""
    spawning = multiprocessing.get_context("spawn")
    meeting = spawning.Barrier(READERS + 1)
    with ProcessPoolExecutor(
        READERS + 1, mp_context=spawning, initializer=_meet, initargs=(meeting, _START_SECONDS)
    ) as pool:
        writing = pool.submit(_write, trial, seconds)
        reading = [pool.submit(_read, trial.data_dir, trial.settings, seconds, seed) for seed in range(READERS)]
        result, trial.revision = writing.result()  # the writer counts on in a copy
        for part in (reader.result() for reader in reading):
            for name in ("questions", "answered", "revisions_seen", "errors", "torn", "backwards"):
                setattr(result, name, getattr(result, name) + getattr(part, name))
            result.problems += part.problems
    return result


def _meet(meeting: Barrier, seconds: float) -> None:
    meeting.wait(seconds)


def _read(data_dir: Path, settings: Settings, seconds: float, seed: int) -> Together:
    """Asks all the time; its revisions may only go forward."""
    generator = random.Random(seed)  # noqa: S311 - a sample, not a secret
    result = Together(seconds=seconds)
    chatbot = open_chatbot(data_dir, settings=settings)
    last, seen_before = 0, set[int]()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result.questions += 1
        try:
            answer = chatbot.ask(any_question(generator))
        except Exception as error:  # noqa: BLE001 - any failure is what is counted
            result.errors += 1
            result.problems.append(f"reader {seed}: {type(error).__name__}: {error}")
            continue
        result.answered += answer.verdict == "answered"
        seen = look_at_answer(answer.to_dict())
        result.torn += bool(seen.problems)
        result.problems += seen.problems
        if seen.revision is not None:
            if seen.revision < last:
                result.backwards += 1
                result.problems.append(f"reader {seed}: revision {seen.revision} after {last}")
            last = seen.revision
            seen_before.add(last)
    chatbot.close()
    result.revisions_seen = len(seen_before)
    return result


def _write(trial: Trial, seconds: float) -> tuple[Together, int]:
    """Publishes revision after revision, every document of each changed; also gives the last one's number."""
    result = Together(seconds=seconds)
    synchroniser = open_synchroniser(trial.data_dir, settings=trial.settings)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        revision = trial.next_revision()
        try:
            report = synchroniser.sync([trial.corpus])
        except Exception as error:  # noqa: BLE001 - any failure is what is counted
            result.errors += 1
            result.problems.append(f"writer: {type(error).__name__}: {error}")
            continue
        result.generations_written += 1
        if report.failed or report.documents != len(names(revision)):
            result.errors += 1
            result.problems.append(f"writer: revision {revision} has {report.documents} documents, {report.failed}")
    return result, trial.revision
