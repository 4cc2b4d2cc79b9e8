"""A chatbot in, the ASGI application that serves it out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from api.errors import add_exception_handlers
from api.routes import router
from rag.chatbot import Chatbot


def create_app(chatbot: Chatbot) -> FastAPI:
    """The application, which closes `chatbot` when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        chatbot.close()

    app = FastAPI(
        title="Attest",
        version=version("attest"),
        summary="Answers questions about a document corpus and proves every sentence it says.",
        lifespan=lifespan,
    )
    app.state.chatbot = chatbot
    app.include_router(router)
    add_exception_handlers(app)
    return app
