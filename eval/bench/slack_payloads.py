"""An event of Slack's in, the envelope and the signed headers that it is sent with out."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Any

BOT_USER = "U0BOT"
BOT_ID = "B0BOT"
TEAM = "T0TEAM"
SIGNING_SECRET = "fake-signing-secret"  # noqa: S105 - of the fake
BOT_TOKEN = "xoxb-fake"  # noqa: S105
APP_TOKEN = "xapp-fake"  # noqa: S105


def envelope(event: Mapping[str, Any], *, event_id: str | None = None) -> dict[str, Any]:
    """What Slack sends of an event."""
    return {
        "token": "unused",
        "team_id": TEAM,
        "api_app_id": "A0",
        "event": dict(event),
        "type": "event_callback",
        "event_id": event_id or f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(time.time()),
        "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
    }


def mention(text: str, *, channel: str = "C0HELP", ts: str, user: str = "U0ANNA", **more: Any) -> dict[str, Any]:
    """The event of a message that names the bot."""
    named = f"<@{BOT_USER}> {text}"
    return {"type": "app_mention", "user": user, "text": named, "ts": ts, "channel": channel, "team": TEAM, **more}


def written(text: str, *, channel: str = "C0HELP", ts: str, user: str = "U0ANNA", **more: Any) -> dict[str, Any]:
    """The event of any message."""
    kind = "im" if channel.startswith("D") else "channel"
    base = {"type": "message", "user": user, "text": text, "ts": ts, "channel": channel, "channel_type": kind}
    return {**base, "team": TEAM, **more}


def signed(
    body: str, *, kind: str = "application/json", secret: str = SIGNING_SECRET, at: int | None = None
) -> dict[str, str]:
    """The headers of a request of Slack's, by its documented recipe."""
    timestamp = str(int(time.time()) if at is None else at)
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"Content-Type": kind, "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}
