"""What clients of OpenAI's API send and get, as far as Attest has a use for it; all else that they send is ignored."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict

from rag.types import Answer, Citation


class ContentPart(BaseModel):
    """A part of a message; only texts are read."""

    type: str
    text: str | None = None


class ChatMessage(BaseModel):
    role: str
    content: str | list[ContentPart] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text" and part.text)
        return self.content or ""


class StreamOptions(BaseModel):
    include_usage: Annotated[bool, Strict()] | None = None


class ChatRequest(BaseModel):
    """The last message of the user is the question, those before it are the conversation it leans on.

    System messages, tools and settings of a model (temperature, say) are not used: the documents decide what is said.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "attest",
                    "messages": [{"role": "user", "content": "who was sanctioned on 4 September 2025?"}],
                    "stream": False,
                }
            ]
        }
    )

    model: str = Field(max_length=200, description="`attest`, or `attest/NAME` for the corpus of that name.")
    messages: list[ChatMessage] = Field(min_length=1)
    stream: Annotated[bool, Strict()] | None = None
    stream_options: StreamOptions | None = None
    n: int | None = Field(
        default=None, description="There is one answer, so only 1.", json_schema_extra={"minimum": 1, "maximum": 1}
    )
    tool_choice: str | dict[str, Any] | None = Field(default=None, description="A call cannot be forced.")


class UrlCitation(BaseModel):
    """Where `[n]` stands in the text, in code points, and the page that shows what it cites."""

    start_index: int
    end_index: int
    url: str
    title: str


class Annotation(BaseModel):
    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class ChatAnswer(BaseModel):
    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[Annotation]


class Choice(BaseModel):
    index: Literal[0] = 0
    message: ChatAnswer
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class ChatUsage(BaseModel):
    """Tokens: as the language model counted them; where none wrote, about as many as the texts have."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletion(BaseModel):
    """OpenAI's completion, with the citations beside the text and, as `attest`, the whole answer."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: ChatUsage
    citations: list[Citation]
    attest: Answer | None = Field(description="Null where no question was asked: a chat that wants a title, say.")


class Model(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["attest"] = "attest"


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Model]
