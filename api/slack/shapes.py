"""A signed body in, whether it has the parts out that are read of every body of its kind, and ids that are ones."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AliasPath, BaseModel, Field, Json, StringConstraints, ValidationError

from api.slack.actions import ACTIONS, COMMENT_FORM

_Id = Annotated[str, StringConstraints(pattern=r"^[!-~]*$")]
"""An id, a time or an address. JSON may hold half a surrogate pair, which no database takes."""

_VALUES = ("view", "state", "values")


class _Person(BaseModel):
    id: _Id


class _Action(BaseModel):
    action_id: _Id
    value: _Id | None = None  # a link has none


class _Click(BaseModel):
    user: _Person
    trigger_id: _Id
    response_url: _Id | None = None
    actions: list[_Action] = Field(min_length=1, max_length=1)


class _Thread(BaseModel):
    channel_id: _Id
    thread_ts: _Id


class _Pane(BaseModel):
    assistant_thread: _Thread


class _Message(BaseModel):
    channel: _Id | None = None
    ts: _Id | None = None
    thread_ts: _Id | None = None
    team: _Id | None = None
    user: _Id | None = None
    subtype: _Id | None = None


class _Authorization(BaseModel):
    user_id: _Id | None = None


class _Envelope(BaseModel):
    event_id: _Id | None = None
    team_id: _Id | None = None
    authorizations: list[_Authorization] | None = None
    event: _Message


class _Command(BaseModel):
    team_id: _Id | None = None
    channel_id: _Id | None = None
    user_id: _Id | None = None
    trigger_id: _Id | None = None
    response_url: _Id | None = None
    text: str | None = None


class _About(BaseModel):
    answer: _Id
    response_url: _Id


class _Submission(BaseModel):
    user: _Person
    about: Json[_About] = Field(validation_alias=AliasPath("view", "private_metadata"))
    rating: _Id = Field(validation_alias=AliasPath(*_VALUES, "rating", "choice", "selected_option", "value"))
    comment: str | None = Field(validation_alias=AliasPath(*_VALUES, "comment", "text", "value"))


def is_readable(body: Mapping[str, Any]) -> bool:
    """Whether nothing is missing of a question's, a click's, a comment's or an opened pane's body."""
    event, view = body.get("event", {}), body.get("view", {"type": ""})
    if not (isinstance(event, dict) and isinstance(event.get("type", ""), str)):
        return False
    if not (isinstance(view, dict) and isinstance(view.get("type"), str)):
        return False
    try:
        match event.get("type"):
            case "assistant_thread_started":
                _Pane.model_validate(event)
            case "app_mention" | "message":
                _Envelope.model_validate(body)
        if "command" in body:
            _Command.model_validate(body)
        if view.get("callback_id") == COMMENT_FORM:
            _Submission.model_validate(body)
        if "actions" in body:
            [action] = _Click.model_validate(body).actions
            return action.value is not None or action.action_id not in ACTIONS
    except ValidationError:
        return False
    return True
