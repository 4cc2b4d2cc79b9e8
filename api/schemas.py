"""What HTTP clients send; what they get back are the engine's own types."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from rag.questions import MAX_QUESTION_CHARS, MAX_TURN_CHARS, MAX_TURNS


class Turn(BaseModel):
    """One turn of the conversation before a question."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["user", "assistant"]
    content: str = Field(description=f"At most {MAX_TURN_CHARS} characters.")


class AskRequest(BaseModel):
    """A question and the documents it may be answered from."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"question": "who was sanctioned on 4 September 2025?"}]},
    )

    question: str = Field(description=f"At most {MAX_QUESTION_CHARS} characters.")
    source: str | None = Field(default=None, description="Only documents whose source matches this glob.")
    published_after: str | None = Field(
        default=None, description="Only documents published then or later: 2025, 2025-09 or 2025-09-04."
    )
    published_before: str | None = Field(default=None, description="Only documents published then or earlier.")
    as_of: str | None = Field(default=None, description="As if asked then: documents certainly later are hidden.")
    history: list[Turn] = Field(
        default=[],
        description=f"The conversation a follow-up leans on, oldest turn first; at most {MAX_TURNS} turns.",
    )
    conversation_id: str | None = Field(
        default=None, description="A conversation that is kept, instead of `history`; the answer becomes a part of it."
    )


class ErrorBody(BaseModel):
    type: Literal["invalid_request", "index_unavailable", "model_unavailable", "not_found", "internal"]
    message: str


class ErrorResponse(BaseModel):
    """The one shape of every error."""

    error: ErrorBody


class Health(BaseModel):
    status: Literal["ok"] = "ok"
