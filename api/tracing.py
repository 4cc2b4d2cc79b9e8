"""OpenTelemetry: FastAPI's own spans and metrics, exported where OTEL_EXPORTER_OTLP_ENDPOINT says."""

import os
from importlib.metadata import PackageNotFoundError, distribution

from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from starlette.types import Scope

from api.logs import PROBES
from rag.errors import ConfigurationError
from rag.types import Answer

_ENDPOINTS = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"
_EXPORTER = "opentelemetry-exporter-otlp-proto-http"  # Chroma brings the rest of the extra, and not this


def telemetry() -> TelemetryConfig:
    """For `FastAPI(telemetry=)`, which reads the OTEL_… variables by itself.

    Raises:
        ConfigurationError: they name an endpoint, and the extra `otel` is not installed.
    """
    asked_for = any(os.environ.get(name) for name in _ENDPOINTS)
    if asked_for and not _has_exporter():
        raise ConfigurationError("to send OpenTelemetry, install its extra: pip install '.[otel]'")
    return {"auto_configure": asked_for, "logs": False, "exclude": _is_probe}


def mark_answer(answer: Answer) -> None:
    """Says on the request's span what came of it: no words of the question, the documents or the answer."""
    trace.get_current_span().set_attributes(
        {
            "attest.verdict": answer.verdict,
            "attest.model": answer.model,
            "attest.degraded": answer.degraded,
            "attest.sentences": len(answer.sentences),
            "attest.sentences.dropped": answer.dropped,
            "attest.retrieve_ms": answer.timings_ms.retrieve,
            "attest.answer_ms": answer.timings_ms.answer,
            "attest.verify_ms": answer.timings_ms.verify,
        }
    )


def _has_exporter() -> bool:
    try:
        distribution(_EXPORTER)
    except PackageNotFoundError:
        return False
    return True


def _is_probe(scope: Scope) -> bool:
    return scope.get("path") in PROBES
