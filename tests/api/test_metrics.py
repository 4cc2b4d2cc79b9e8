from dataclasses import replace
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY
from starlette.middleware import Middleware

from api import health
from api.metrics import CountRequests, observe_answer
from rag.types import Answer, Timings, Usage

ANSWER = Answer(
    question="secret?",
    verdict="answered",
    model="gpt-9",
    usage=Usage(prompt_tokens=700, completion_tokens=50),
    timings_ms=Timings(retrieve=20, answer=400, verify=80, total=500),
    dropped=2,
    repaired=1,
    cost_usd=0.25,
)


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture
def grown() -> Any:
    """How much a metric has grown since the test began or it was last asked for."""
    before = {(s.name, *sorted(s.labels.items())): s.value for metric in REGISTRY.collect() for s in metric.samples}

    def growth(name: str, **labels: str) -> float:
        return value(name, **labels) - before.get((name, *sorted(labels.items())), 0.0)

    return growth


def test_an_answer_is_counted_by_verdict_stage_tokens_and_cost(grown: Any) -> None:
    observe_answer(ANSWER)
    assert grown("attest_answers_total", verdict="answered") == 1
    assert grown("attest_stage_seconds_sum", stage="retrieve") == pytest.approx(0.02)
    assert grown("attest_stage_seconds_sum", stage="total") == pytest.approx(0.5)
    assert grown("attest_stage_seconds_count", stage="verify") == 1
    assert grown("attest_sentences_dropped_total") == 2
    assert grown("attest_sentences_repaired_total") == 1
    assert grown("attest_tokens_total", kind="prompt") == 700
    assert grown("attest_tokens_total", kind="completion") == 50
    assert grown("attest_cost_usd_total") == 0.25


def test_a_fallback_is_counted_by_its_reason(grown: Any) -> None:
    observe_answer(replace(ANSWER, degraded=True, reason="circuit_open"))
    assert grown("attest_fallbacks_total", reason="circuit_open") == 1


def test_an_abstention_is_no_fallback(grown: Any) -> None:
    observe_answer(replace(ANSWER, verdict="abstained", reason="no_evidence"))
    assert grown("attest_answers_total", verdict="abstained") == 1
    assert grown("attest_fallbacks_total", reason="no_evidence") == 0


def test_a_price_that_is_not_known_is_counted_apart(grown: Any) -> None:
    observe_answer(replace(ANSWER, cost_usd=None))
    assert grown("attest_answers_unpriced_total") == 1
    assert grown("attest_cost_usd_total") == 0


@pytest.fixture
def client() -> TestClient:
    app, router = FastAPI(middleware=[Middleware(CountRequests)]), APIRouter()

    @router.get("/v1/documents/{document_id}")
    async def document(document_id: str) -> str:
        return document_id

    app.include_router(router)
    return TestClient(app)


def series() -> int:
    return sum(len(metric.samples) for metric in REGISTRY.collect() if metric.name.startswith("attest_request"))


def test_requests_are_counted_by_the_routes_template(client: TestClient, grown: Any) -> None:
    for number in range(3):
        client.get(f"/v1/documents/d{number}")
    route = "/v1/documents/{document_id}"
    assert grown("attest_requests_total", route=route, method="GET", status="200") == 3
    assert grown("attest_request_seconds_count", route=route) == 3
    assert value("attest_requests_running") == 0


def test_no_request_can_make_series_without_end(client: TestClient) -> None:
    def strange(number: int) -> None:
        client.get(f"/nothing/{number}")
        client.request(f"METHOD{number}", f"/v1/documents/{number}")

    strange(0)
    before = series()
    for number in range(1, 30):
        strange(number)
    assert series() == before


def test_they_are_shown_as_prometheus_reads_them(client: TestClient) -> None:
    observe_answer(ANSWER)
    app = FastAPI()
    app.include_router(health.router)
    response = TestClient(app).get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert "# TYPE attest_requests_total counter" in response.text
    assert 'attest_answers_total{verdict="answered"}' in response.text
    assert "secret" not in response.text
