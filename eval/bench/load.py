"""A folder of documents in, what a server over them does under load out: many streams at once, and too many questions.

The server is `attest serve` in a process of its own, on a loopback address; so is the scripted model; this process
asks. Two processors are enough for the asking: it takes about 0.3 ms of one for a request and 0.2 ms for an event of
a stream, some percent of one at the rates a server with two reaches. `client_cores` says how much of one it took.

Streams: so many clients, who begin one after another within the time of one answer, ask again when they have theirs.
Questions: clients who each ask when they have their answer are doubled until no more is answered. The rate of the
fewest that come within 5% of the best is the knee. Then questions come at random moments at 1, 2 and 5 times that rate,
whatever becomes of those before.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from eval.bench.asking import Asker, Streamed, asker, at_rate, in_turn, streams
from eval.bench.material import folder_material
from eval.bench.served import Served, served
from eval.bench.timed_model import MODEL, Pace, TimedModel, Told, timed_model
from rag.bootstrap import open_synchroniser
from rag.progress import Bars, Update, silent
from rag.settings import Settings

MULTIPLES = (1, 2, 5)

_QUESTIONS = 200
_WARM_UP = 8  # questions: every thread opens what it uses
_GROWTH = 1.05  # steps that bring less are past the knee
_MOST_CLIENTS = 256

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """`added` is the time from question to first sentence less that from the model's being asked to its first
    sentence's end; `before` and `after` the model's part are what it is made of. Cores are processors kept busy.
    """

    clients: int
    streams: int
    whole: int
    refused: int
    failed: int
    cut: int
    degraded: int
    timed: int
    first_sentence: Spread
    model: Spread
    added: Spread
    before: Spread
    after: Spread
    per_second: float
    server_cores: float
    client_cores: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Questions at one rate. `refused` are 429 with Retry-After, `failed` all that are neither these nor answered.

    Times are of those that were answered, from when they were due; `late` is how far this process was behind, p99.
    """

    times_knee: float
    asked_per_second: float
    answered_per_second: float
    answered: Spread
    refusals: Spread
    refused: int
    failed: int
    late: float
    server_cores: float
    client_cores: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """`knee` and `peak` are answers a second; `goodput_share` is of the peak, at the highest rate.

    The peak is the best of all levels and of the clients at the knee right before and after the highest: at another
    time the machine may have had more to give.
    """

    knee: float
    clients_at_knee: int
    peak: float
    levels: tuple[Level, ...]
    goodput_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """`load_average` is the machine's of the last minute, before anything was started."""

    documents: int
    processors: int
    load_average: float
    streams: Streams
    questions: Questions


def run(
    corpus: Path,
    *,
    clients: int = 100,
    rounds: int = 3,
    seconds: float = 8.0,
    pace: Pace = Pace(),  # noqa: B008 - frozen
    settings: Settings,
    bars: Bars = silent,
) -> LoadResult:
    """Streams to `clients` at once, `rounds` each; then questions, `seconds` at each rate.

    Raises:
        ConfigurationError: the corpus holds nothing to ask about.
        AttestError: the server did not start.
    """
    load_average = os.getloadavg()[0]
    material = folder_material(corpus, documents=1_000, questions=_QUESTIONS)
    with tempfile.TemporaryDirectory(prefix="attest-bench-") as name:
        data_dir = Path(name) / "index"
        open_synchroniser(data_dir, settings=settings).sync([corpus], progress=bars("Indexing"))
        with timed_model(pace) as model:
            modelled = {"ATTEST_CHAT_MODEL": MODEL, "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "none"}
            with served(data_dir, settings=settings, **modelled) as server:
                streamed = asyncio.run(_stream(server, model, material.questions, clients, rounds, pace))
        with served(data_dir, settings=settings) as server:
            asked = asyncio.run(_overload(server, material.questions, seconds, bars("Asking")))
    return LoadResult(
        documents=len(material.documents),
        processors=os.cpu_count() or 1,
        load_average=load_average,
        streams=streamed,
        questions=asked,
    )


async def _stream(
    server: Served, model: TimedModel, questions: Sequence[str], clients: int, rounds: int, pace: Pace
) -> Streams:
    answer_seconds = pace.first_token_seconds + pace.tokens * pace.token_seconds
    async with asker(server.url, questions) as asking:
        await streams(asking, clients=_WARM_UP, rounds=1, over_seconds=answer_seconds)
        begun = time.monotonic()
        told, spent = await _measured(
            server, lambda: streams(asking, clients=clients, rounds=rounds, over_seconds=answer_seconds)
        )
        seconds = time.monotonic() - begun
    return _streams(told, model.told(), clients, seconds, spent)


def _streams(
    streamed: Sequence[Streamed], told: dict[int, Told], clients: int, seconds: float, spent: tuple[float, float]
) -> Streams:
    both = [
        (one, theirs, ended)
        for one in streamed
        if (theirs := told.get(one.number)) is not None and (ended := theirs.ended_saying(one.text)) is not None
    ]
    whole = sum(one.ending == "answer" for one in streamed)
    cut = sum(one.ending == "cut" for one in streamed)
    failed = sum(one.ending == "error" for one in streamed)
    return Streams(
        clients=clients,
        streams=len(streamed),
        whole=whole,
        refused=len(streamed) - whole - cut - failed,
        failed=failed,
        cut=cut,
        degraded=sum(one.degraded for one in streamed),
        timed=len(both),
        first_sentence=_spread([one.sentence - one.sent for one, _, _ in both]),
        model=_spread([ended - theirs.asked for _, theirs, ended in both]),
        added=_spread([one.sentence - one.sent - (ended - theirs.asked) for one, theirs, ended in both]),
        before=_spread([theirs.asked - one.sent for one, theirs, _ in both]),
        after=_spread([one.sentence - ended for one, _, ended in both]),
        per_second=whole / seconds,
        server_cores=spent[0],
        client_cores=spent[1],
    )


async def _overload(server: Served, questions: Sequence[str], seconds: float, progress: Update) -> Questions:
    async with asker(server.url, questions) as asking:
        await in_turn(asking, clients=_WARM_UP, seconds=seconds / 4)
        knee, clients = await _find_knee(asking, seconds / 2)
        levels, at_knee = [], list[float]()
        for number, times in enumerate(MULTIPLES):
            progress(number, len(MULTIPLES))
            at_knee.append(await _rate(asking, clients, seconds / 2))
            levels.append(await _at_level(server, asking, times, knee, seconds))
        at_knee.append(await _rate(asking, clients, seconds / 2))
        progress(len(MULTIPLES), len(MULTIPLES))
    peak = max(*at_knee[-2:], *(level.answered_per_second for level in levels))
    return Questions(
        knee=knee,
        clients_at_knee=clients,
        peak=peak,
        levels=tuple(levels),
        goodput_share=levels[-1].answered_per_second / peak,
    )


async def _find_knee(asking: Asker, seconds: float) -> tuple[float, int]:
    """Answers a second at the knee, and with how many clients."""
    rates: dict[int, float] = {}
    clients = 1
    while clients <= _MOST_CLIENTS and not _grow_no_more(list(rates.values())):
        rates[clients] = await _rate(asking, clients, seconds)
        clients *= 2
    return next((rate, clients) for clients, rate in rates.items() if _GROWTH * rate >= max(rates.values()))


async def _rate(asking: Asker, clients: int, seconds: float) -> float:
    """Answers a second to so many clients, who ask in turn."""
    begun = time.monotonic()
    asked = await in_turn(asking, clients=clients, seconds=seconds)
    return sum(one.status == 200 and one.ended < begun + seconds for one in asked) / seconds


def _grow_no_more(rates: Sequence[float]) -> bool:
    return len(rates) > 2 and max(rates[-2:]) < _GROWTH * max(rates[:-2])


async def _at_level(server: Served, asking: Asker, times: float, knee: float, seconds: float) -> Level:
    begun = time.monotonic()
    asked, (server_cores, client_cores) = await _measured(
        server, lambda: at_rate(asking, per_second=times * knee, seconds=seconds)
    )
    answered = [one for one in asked if one.status == 200]
    refused = [one for one in asked if one.status == 429 and one.says_when_to_return]
    return Level(
        times_knee=times,
        asked_per_second=len(asked) / seconds,
        answered_per_second=sum(one.ended < begun + seconds for one in answered) / seconds,
        answered=_spread([one.ended - one.due for one in answered]),
        refusals=_spread([one.ended - one.due for one in refused]),
        refused=len(refused),
        failed=len(asked) - len(answered) - len(refused),
        late=_spread([one.sent - one.due for one in asked]).p99,
        server_cores=server_cores,
        client_cores=client_cores,
    )


async def _measured(server: Served, work: Callable[[], Awaitable[Outcome]]) -> tuple[Outcome, tuple[float, float]]:
    """What `work` comes to, and how many processors the server and this process kept busy meanwhile."""
    theirs, ours, begun = server.cpu_seconds(), time.process_time(), time.monotonic()
    outcome = await work()
    seconds = time.monotonic() - begun
    ours = time.process_time() - ours
    return outcome, ((server.cpu_seconds() - theirs) / seconds, ours / seconds)


def _spread(seconds: Sequence[float]) -> Spread:
    if not seconds:
        return Spread(float("nan"), float("nan"), float("nan"))
    p50, p95, p99 = 1000 * np.quantile(seconds, [0.5, 0.95, 0.99])
    return Spread(float(p50), float(p95), float(p99))
