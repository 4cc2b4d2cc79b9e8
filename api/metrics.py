"""Requests, answers and watched folders in, Prometheus's counters out; /metrics shows them, of all workers together."""

import time
from pathlib import Path
from typing import Literal

from prometheus_client import Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.tracing import mark_answer
from rag.types import Answer

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_OTHER = "other"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90)  # seconds

_requests = Counter("attest_requests", "Requests by route, method and status.", ["route", "method", "status"])
_running = Gauge("attest_requests_running", "Requests whose response has not ended.", multiprocess_mode="livesum")
_request_seconds = Histogram(
    "attest_request_seconds", "From a request's head to its response's end.", ["route"], buckets=_BUCKETS
)
_stage_seconds = Histogram("attest_stage_seconds", "Of an answer, by stage.", ["stage"], buckets=_BUCKETS)
_answers = Counter("attest_answers", "Answers by verdict.", ["verdict"])
_dropped = Counter("attest_sentences_dropped", "Sentences a model wrote that nothing cited proves.")
_repaired = Counter("attest_sentences_repaired", "Sentences said with other citations than the model gave.")
_fallbacks = Counter("attest_fallbacks", "Answers in the documents' words though a model was to write.", ["reason"])
_tokens = Counter("attest_tokens", "Tokens of the model, by kind.", ["kind"])
_cost = Counter("attest_cost_usd", "What the model's tokens cost, in US dollars, where the price is known.")
_unpriced = Counter("attest_answers_unpriced", "Answers of a model whose price is not known.")
_watch_looks = Counter(
    "attest_watch_looks",
    "Times a watched folder was looked at, by what came of it: changed, unchanged, failed.",
    ["corpus", "root", "outcome"],
)
_watch_failing = Gauge(
    "attest_watch_failing",
    "1 while the index does not follow a watched folder; the log says why.",
    ["corpus", "root"],
    multiprocess_mode="livemax",
)
_watch_in_line = Gauge(
    "attest_watch_in_line_timestamp_seconds",
    "When the index was last in line with a watched folder.",
    ["corpus", "root"],
    multiprocess_mode="max",
)


class CountRequests:
    """Counts each request under the route's template, never under its path: ids would make a series each."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), "none"

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            with _running.track_inprogress():
                await self._app(scope, receive, send_and_see)
        finally:
            route = getattr(scope.get("route"), "path", _OTHER)
            method = scope["method"] if scope["method"] in _METHODS else _OTHER
            _requests.labels(route, method, status).inc()
            _request_seconds.labels(route).observe(time.perf_counter() - began)


def observe_answer(answer: Answer) -> None:
    """Counts an answer; to be called once for each that is given."""
    _answers.labels(answer.verdict).inc()
    for stage in ("retrieve", "answer", "verify", "total"):
        _stage_seconds.labels(stage).observe(getattr(answer.timings_ms, stage) / 1000)
    _dropped.inc(answer.dropped)
    _repaired.inc(answer.repaired)
    if answer.degraded:
        _fallbacks.labels(answer.reason or _OTHER).inc()
    _tokens.labels("prompt").inc(answer.usage.prompt_tokens)
    _tokens.labels("completion").inc(answer.usage.completion_tokens)
    if answer.cost_usd is None:
        _unpriced.inc()
    else:
        _cost.inc(answer.cost_usd)
    mark_answer(answer)


def observe_watch(corpus: str, root: Path, outcome: Literal["changed", "unchanged", "failed"]) -> None:
    """Counts a look at a watched folder."""
    _watch_looks.labels(corpus, str(root), outcome).inc()
    _watch_failing.labels(corpus, str(root)).set(outcome == "failed")
    if outcome != "failed":
        _watch_in_line.labels(corpus, str(root)).set_to_current_time()
