"""A signed body in, whether it has the parts out that are read of every body of its kind."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from api.slack.actions import ACTIONS


class _Person(BaseModel):
    id: str


class _Action(BaseModel):
    action_id: str
    value: str | None = None  # a link has none


class _Click(BaseModel):
    user: _Person
    trigger_id: str
    actions: list[_Action] = Field(min_length=1, max_length=1)


class _Thread(BaseModel):
    channel_id: str
    thread_ts: str


class _Pane(BaseModel):
    assistant_thread: _Thread


def is_readable(body: Mapping[str, Any]) -> bool:
    """Whether nothing is missing of an event's, a click's or an opened pane's body."""
    event = body.get("event", {})
    if not isinstance(event, dict):
        return False
    try:
        if event.get("type") == "assistant_thread_started":
            _Pane.model_validate(event)
        if "actions" in body:
            [action] = _Click.model_validate(body).actions
            return action.value is not None or action.action_id not in ACTIONS
    except ValidationError:
        return False
    return True
