"""The routes of the API, a module for each kind of thing; all are thin, what they do is the engine's."""

from api.routes import ask, conversations, documents, feedback, jobs, openai_compat, search, status

routers = tuple(
    module.router for module in (ask, search, conversations, documents, jobs, feedback, status, openai_compat)
)
