import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api import tracing
from api.metrics import observe_answer
from api.tracing import telemetry
from rag.errors import ConfigurationError
from rag.types import Answer, Timings

ANSWER = Answer(
    question="secret?", verdict="answered", text="secret", model="gpt-9", dropped=2, timings_ms=Timings(retrieve=20)
)


def test_a_request_is_a_span_with_what_came_of_it_and_none_of_its_words() -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = FastAPI(telemetry={**telemetry(), "tracer_provider": provider})

    @app.post("/v1/ask")
    async def ask() -> str:
        observe_answer(ANSWER)
        return "yes"

    @app.get("/healthz")
    async def healthz() -> str:
        return "ok"

    TestClient(app).post("/v1/ask", json={"question": "secret?"})
    TestClient(app).get("/healthz")
    spans = exporter.get_finished_spans()
    assert "POST /v1/ask" in {span.name for span in spans}
    assert not [span for span in spans if "healthz" in span.name]
    marked = {key: value for span in spans for key, value in (span.attributes or {}).items()}
    assert marked["attest.verdict"] == "answered"
    assert marked["attest.sentences.dropped"] == 2
    assert marked["attest.retrieve_ms"] == 20
    assert "secret" not in "".join(span.to_json() for span in spans)


def test_it_is_sent_only_where_an_endpoint_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert telemetry()["auto_configure"] is False
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    assert telemetry()["auto_configure"] is True


def test_an_endpoint_without_the_extra_is_refused_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setattr(tracing, "_EXPORTER", "opentelemetry-exporter-that-is-not-installed")
    with pytest.raises(ConfigurationError, match=r"pip install '\.\[otel\]'"):
        telemetry()
