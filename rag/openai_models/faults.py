"""What the vendor's client raises in, our `ModelError` out: the reason, the model's name and the next step, no key."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
import openai

from rag.errors import (
    ModelCutError,
    ModelError,
    ModelGarbageError,
    ModelNotFoundError,
    ModelQuotaError,
    ModelRateLimitError,
    ModelRefusedError,
    ModelRejectedError,
    ModelTimeoutError,
    ModelUnauthorisedError,
    ModelUnavailableError,
)

_PASSING_STATUSES = frozenset({408, 409, 425})  # beside 429 and 5xx


def fault_of(error: Exception, *, where: str, key: str | None) -> ModelError:
    """`where` opens the message (`the model 'gpt-x' at localhost`); `key` is taken out of what the service said."""
    said = _one_line(error, key)
    match error:
        case openai.APITimeoutError():  # reading has no limit in the client, so this is connecting
            return ModelTimeoutError(
                f"{where} took no connection in time. Check OPENAI_BASE_URL, or raise ATTEST_MODEL_CONNECT_SECONDS."
            )
        case openai.APIConnectionError(
            __cause__=httpx2.ReadError() | httpx2.WriteError() | httpx2.RemoteProtocolError()
        ):
            return ModelCutError(f"{where} closed the connection before the answer's end. Try again.")
        case openai.APIConnectionError():
            cause = _one_line(error.__cause__ or error, key)
            return ModelUnavailableError(f"{where} cannot be reached ({cause}). Check OPENAI_BASE_URL.")
        case openai.APIStatusError():
            return _fault_of_status(error, where, said)
        case openai.APIError():  # an error object in the middle of a stream
            return ModelUnavailableError(f"{where} failed ({said}). Try again later.")
        case _:
            return ModelGarbageError(f"{where} gave no usable answer ({said}). Try again, or choose another model.")


def _fault_of_status(error: openai.APIStatusError, where: str, said: str) -> ModelError:
    status, wait = error.status_code, seconds_to_wait(error.response.headers)
    if status in (401, 403):
        return ModelUnauthorisedError(f"{where} refused the key (HTTP {status}). Check OPENAI_API_KEY.")
    if status == 404:
        return ModelNotFoundError(f"{where} is not there (HTTP 404). Check the model's name and OPENAI_BASE_URL.")
    if status == 429 and error.code == "insufficient_quota":
        return ModelQuotaError(f"{where} has no quota left (HTTP 429). Check the account.")
    if status == 429:
        asked = "" if wait is None else f" and asks to wait {wait:g} s"
        return ModelRateLimitError(
            f"{where} refused for its rate or quota (HTTP 429){asked}. Wait, or check the account.",
            retry_after_seconds=wait,
        )
    if error.code == "content_filter":
        return ModelRefusedError(f"{where} filtered the request (HTTP {status}). Ask otherwise.")
    if status >= 500 or status in _PASSING_STATUSES:
        return ModelUnavailableError(
            f"{where} failed (HTTP {status}: {said}). Try again later.", retry_after_seconds=wait
        )
    return ModelRejectedError(f"{where} rejected the request (HTTP {status}: {said}). Correct the settings.")


def seconds_to_wait(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """What `Retry-After` asks for, as seconds or an HTTP date (RFC 9110, 10.2.3), or some gateways' `Retry-After-Ms`.

    None where neither is there or can be read; a moment gone by is 0.
    """
    for name, divisor in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers.get(name, "")) / divisor
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        then = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    if then.tzinfo is None:  # "-0000": UTC, of an unknown place
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - (now or datetime.now(UTC))).total_seconds())


def _one_line(error: BaseException, key: str | None) -> str:
    message = str(error)
    return " ".join((message.replace(key, "…") if key else message).split())[:200]
