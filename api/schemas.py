"""What HTTP clients send and get; answers, passages and citations themselves are the engine's own types."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api.errors import documented
from rag.questions import MAX_QUESTION_CHARS, MAX_TURN_CHARS, MAX_TURNS
from rag.types import Answer, Hit, Place

_A_QUESTION = "who was sanctioned on 4 September 2025?"

# What the engine checks and explains better than a schema does; here it is only described.
_A_DATE: dict[str, JsonValue] = {"pattern": r"^\d{4}(-\d\d(-\d\d)?)?$"}
_IN_WORDS: dict[str, JsonValue] = {"minLength": 1, "maxLength": MAX_QUESTION_CHARS, "pattern": r"[^\W_]"}

EVERYWHERE = documented(404, 422, 429, 503)
"""What any request for a corpus can come to, besides what any request at all can."""

CorpusName = Annotated[
    str | None,
    Query(alias="corpus", max_length=64, description="Which corpus; by default the key's only one, else `default`."),
]


class Sent(BaseModel):
    """A body; what it does not know it refuses, so that no misspelt filter is lost."""

    model_config = ConfigDict(extra="forbid")


class Filters(Sent):
    """The documents a question may be answered from."""

    corpus: str | None = Field(default=None, max_length=64, description="By default the key's only one, or `default`.")
    source: str | None = Field(
        default=None, max_length=1000, description="Only documents whose source matches this glob."
    )
    published_after: str | None = Field(
        default=None,
        json_schema_extra=_A_DATE,
        description="Only documents published then or later: 2025, 2025-09 or 2025-09-04.",
    )
    published_before: str | None = Field(
        default=None, json_schema_extra=_A_DATE, description="Only documents published then or earlier."
    )
    as_of: str | None = Field(
        default=None, json_schema_extra=_A_DATE, description="As if asked then: documents certainly later are hidden."
    )

    def filters(self) -> dict[str, str | None]:
        """As `rag.questions.parse_question` takes them."""
        return self.model_dump(include={"source", "published_after", "published_before", "as_of"})


class Turn(Sent):
    """One turn of the conversation before a question."""

    role: Literal["user", "assistant"]
    content: str = Field(description=f"At most {MAX_TURN_CHARS} characters.")


class AskRequest(Filters):
    """A question and the documents it may be answered from."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"question": _A_QUESTION}, {"question": "And when?", "conversation_id": "c_…"}]}
    )

    question: str = Field(description="In words.", json_schema_extra=_IN_WORDS)
    history: list[Turn] = Field(
        default=[],
        description=f"The conversation a follow-up leans on, oldest turn first; at most {MAX_TURNS} turns.",
    )
    conversation_id: str | None = Field(
        default=None,
        description="A conversation that is kept, instead of `history`; the answer becomes a part of it.",
    )


class SearchRequest(Filters):
    """A query and how many passages of which documents it may find."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"query": _A_QUESTION, "limit": 5}]})

    query: str = Field(description="In words.", json_schema_extra=_IN_WORDS)
    limit: int = Field(default=5, ge=1, le=50)


class FoundPassage(BaseModel):
    """A passage with what is known of its document; `copies` are sources that say nearly the same."""

    document_id: str
    source: str
    start: int
    end: int
    text: str
    score: float
    title: str | None
    publisher: str | None
    published: str | None
    version: str
    copies: list[str]

    @classmethod
    def of(cls, hit: Hit) -> "FoundPassage":
        return cls(**asdict(hit.passage()), copies=[copy.source for copy in hit.copies])


class SearchResponse(BaseModel):
    passages: list[FoundPassage]


class DocumentListed(BaseModel):
    """A document without its text; only what was `uploaded` can be replaced and deleted here."""

    document_id: str
    source: str
    title: str | None
    publisher: str | None
    published: str | None
    authors: str | None
    language: str | None = Field(description="A BCP 47 tag, as the file says.")
    version: str
    characters: int
    uploaded: bool


class DocumentShown(DocumentListed):
    """A document with the text that citations point into: `text[start:end]`, counted in code points.

    One that is not `current` is an earlier version, kept for the citations that name it; it is not searched.
    """

    current: bool
    text: str
    places: tuple[Place, ...]


class DocumentList(BaseModel):
    documents: list[DocumentListed]
    next: str | None = Field(description="What `after` has to be for the next ones; null at the end.")


class NewConversation(Sent):
    corpus: str | None = Field(default=None, max_length=64)


class ConversationCreated(BaseModel):
    conversation_id: str


class ConversationListed(BaseModel):
    conversation_id: str
    title: str = Field(description="Its first question; empty before there is one.")
    updated_at: str
    turns: int


class ConversationList(BaseModel):
    conversations: list[ConversationListed]


class ConversationTurn(BaseModel):
    question: str
    asked_at: str
    answer: Answer


class ConversationShown(BaseModel):
    """A conversation as it was shown, word for word."""

    conversation_id: str
    turns: list[ConversationTurn]


class FeedbackRequest(Sent):
    """What a reader thinks of an answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"rating": "down", "question": _A_QUESTION, "comment": "Two names are missing."}]
        }
    )

    rating: Literal["up", "down"]
    question: str = Field(min_length=1, max_length=MAX_QUESTION_CHARS)
    comment: str | None = Field(default=None, max_length=4000)
    conversation_id: str | None = Field(default=None, max_length=64)
    answer: dict[str, Any] | None = Field(default=None, description="The answer it is about, as it was given.")
    corpus: str | None = Field(default=None, max_length=64)


class FeedbackStored(BaseModel):
    feedback_id: str


class CorpusList(BaseModel):
    corpora: list[str]
    default: str | None = Field(description="The one that is meant where none is named.")


class Examples(BaseModel):
    questions: list[str] = Field(description="At most 4, each answered from the corpus; fewer while they are found.")
