"""Corpora in, the ASGI application that serves them out."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware

from api import health, page, routes
from api.access import Authentication, is_for_all
from api.browsers import CrossOrigin, SameSite, SecurityHeaders
from api.errors import add_exception_handlers, documented
from api.health import Readiness
from api.jobs import Jobs
from api.keys import KEYS, KeyStore
from api.lifetime import Lifetime
from api.limits import AnswerLimit, BodyLimit, RateLimit, answers_at_once
from api.logs import RequestLog
from api.metrics import CountRequests
from api.tracing import telemetry
from api.turns import Turns
from api.watched import Watched
from api.watching import Watches
from rag.answering.extractive import MODEL
from rag.corpora import Corpora
from rag.settings import ServerSettings, SlackSettings

_RATES = "rates.sqlite"
_KEY = {"key": {"type": "http", "scheme": "bearer", "description": "A key of `attest keys create`."}}


def create_app(
    corpora: Corpora,
    *,
    settings: ServerSettings,
    keys_required: bool = False,
    slack: SlackSettings | None = None,
    watched: Sequence[Watched] = (),
    workers: int = 1,
    shared: Path | None = None,
) -> FastAPI:
    """The application, which closes `corpora` when it stops; with `slack`, it takes Slack's events too.

    It asks for keys once there is one in the data directory, and, with `keys_required`, before that too. It is one of
    `workers` of its kind, which count requests in the folder `shared`.
    """
    data_dir = corpora.folder()
    keys = KeyStore(data_dir / KEYS)
    turns = Turns(data_dir)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with Jobs(data_dir, folder=corpora.folder, turns=turns) as jobs, Watches(watched, data_dir, turns):
            app.state.jobs = jobs
            try:
                yield
            finally:
                corpora.close()

    app = _Application(
        title="Attest",
        version=version("attest"),
        summary="Answers questions about a document corpus and proves every sentence it says.",
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,  # FastAPI's pages load their scripts from another site; /openapi.json is what they show
        redoc_url=None,
        middleware=_middleware(settings, keys, keys_required, workers, shared),
        responses=documented(401, 403, 413, 429, 500, 503, 504),
        telemetry=telemetry(),
    )
    app.state.corpora = corpora
    app.state.settings = settings
    app.state.readiness = Readiness(corpora, is_watching=bool(watched))
    app.state.asks_for_keys = lambda: keys_required or keys.exist()
    for router in (health.router, *routes.routers, page.router):
        app.include_router(router)
    if slack is not None:
        from api.slack.http import slack_router  # which loads slack_bolt

        app.include_router(slack_router(corpora, slack, workers=workers))
    add_exception_handlers(app)
    return app


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The description, which asks for a key where the server does."""
        described = {**super().openapi()}
        if self.state.asks_for_keys():
            described["components"] = {**described["components"], "securitySchemes": _KEY}
            described["paths"] = {path: _secured(path, methods) for path, methods in described["paths"].items()}
        return described


def _secured(path: str, methods: dict[str, dict[str, Any]]) -> dict[str, Any]:
    needed: list[dict[str, list[str]]] = [] if is_for_all(path) else [{name: [] for name in _KEY}]
    return {method: {**operation, "security": needed} for method, operation in methods.items()}


def _middleware(
    settings: ServerSettings, keys: KeyStore, keys_required: bool, workers: int, shared: Path | None
) -> list[Middleware]:
    """What every request passes, the outermost first."""
    chosen = settings.concurrent_answers or answers_at_once(chat_model=settings.chat_model != MODEL)
    cors = Middleware(
        CrossOrigin,
        allow_origins=settings.cors_origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["X-Request-Id", "Retry-After"],
    )
    counted = shared / _RATES if shared else None
    rate = Middleware(RateLimit, per_minute=settings.requests_per_minute, shared=counted)
    return [
        Middleware(SecurityHeaders),
        Middleware(RequestLog),
        Middleware(CountRequests),
        *([cors] if settings.cors_origins else []),
        Middleware(Lifetime, seconds=settings.request_seconds),
        Middleware(Authentication, keys=keys, required=keys_required),
        Middleware(SameSite, public_url=settings.public_url, origins=settings.cors_origins),
        *([] if settings.requests_per_minute == 0 else [rate]),
        Middleware(BodyLimit, most_bytes=settings.max_body_bytes, most_upload_bytes=settings.max_upload_bytes),
        Middleware(AnswerLimit, most=max(1, chosen // workers)),
    ]
