"""A gold case in, the answer of a server out: one with our contract, or any OpenAI-compatible one. httpx's one room.

Nothing a server does can hang or fill a run: each call has a deadline over all of it, and a largest body.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import httpx

from eval.answers import answer_from_text, checked_answer
from eval.cases import GoldCase
from eval.results import CorpusDocument
from eval.targets import NOT_TAKEN
from rag.errors import AttestError, ConfigurationError
from rag.settings import Settings

_SHOWN_CHARS = 200
_TOO_MANY = 429


class EndpointError(AttestError):
    """The server did not give a usable answer to one case; the run goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    connect_seconds: float = 5.0
    total_seconds: float = 120.0  # of one call, from its first byte to its last
    body_bytes: int = 16 * 1024 * 1024


class EndpointTarget:
    """A server at `url`, with or without `/v1`; close it, or use it in a `with`.

    A server that knows `POST /v1/ask` is asked in our contract, with the fields that its OpenAPI description lists;
    any other at `POST /v1/chat/completions` with temperature 0. Its citations are `[n]` in the text, standing for the
    `citations` beside it (in the response or its message); without those, nothing is cited. The model is
    ATTEST_CHAT_MODEL, or the server's first where that is "extractive". OPENAI_API_KEY is sent as the bearer token.

    Raises:
        ConfigurationError: `url` is not one, or nothing answers there.
    """

    def __init__(
        self,
        url: str,
        *,
        corpus: Mapping[str, CorpusDocument],
        settings: Settings,
        limits: Limits | None = None,
    ) -> None:
        self.name = url.rstrip("/")
        self._corpus = corpus
        self._limits = limits or Limits()
        key = settings.openai_api_key
        try:
            self._client = httpx.Client(
                base_url=self.name.removesuffix("/v1"),
                headers={"Authorization": f"Bearer {key.get_secret_value()}"} if key else {},
                timeout=httpx.Timeout(self._limits.total_seconds, connect=self._limits.connect_seconds),
            )
            self._ours = self._call("POST", "/v1/ask", {}).status not in (404, 405)
        except (httpx.HTTPError, httpx.InvalidURL, EndpointError, UnicodeError) as error:
            raise ConfigurationError(
                f"--endpoint {url}: {_told(error)}. Give the address of a running server."
            ) from None
        self._fields = self._taken_fields() if self._ours else frozenset[str]()
        self._model = "" if self._ours else self._choose_model(settings)
        self.configuration: Mapping[str, Any] = {"url": self.name, **self._described()}

    def ask(self, case: GoldCase) -> Mapping[str, Any]:
        return self._ask_ours(case) if self._ours else self._ask_chat(case)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    def _described(self) -> dict[str, Any]:
        if not self._ours:
            return {
                "protocol": "OpenAI-compatible",
                "model": self._model,
                "history": "passed",
                "as_of": NOT_TAKEN,
                "verdicts": "read from the words of the answer",
            }
        as_of = "passed" if "as_of" in self._fields else "passed as published_before"
        return {
            "protocol": "attest",
            "history": "passed" if "history" in self._fields else NOT_TAKEN,
            "as_of": as_of if self._fields & {"as_of", "published_before"} else NOT_TAKEN,
        }

    def _ask_ours(self, case: GoldCase) -> Mapping[str, Any]:
        body: dict[str, Any] = {"question": case.question}
        if case.history and "history" in self._fields:
            body["history"] = [asdict(turn) for turn in case.history]
        if case.as_of is not None and (taken := [n for n in ("as_of", "published_before") if n in self._fields]):
            body[taken[0]] = case.as_of
        return checked_answer(self._post("/v1/ask", body))

    def _ask_chat(self, case: GoldCase) -> Mapping[str, Any]:
        messages = [*(asdict(turn) for turn in case.history), {"role": "user", "content": case.question}]
        body = {"model": self._model, "messages": messages, "temperature": 0, "stream": False}
        response = self._post("/v1/chat/completions", body)
        try:
            message = response["choices"][0]["message"]
            text = message["content"]
        except (KeyError, IndexError, TypeError):
            raise EndpointError(f"no choices[0].message.content in {_cut(json.dumps(response))}") from None
        if not isinstance(text, str):
            raise EndpointError(f"choices[0].message.content is {type(text).__name__}, not text")
        cited = message.get("citations") or response.get("citations") or ()
        if not isinstance(cited, Sequence) or isinstance(cited, str):
            raise EndpointError(f"citations is {type(cited).__name__}, not a list")
        return answer_from_text(
            case.question,
            text,
            cited,
            corpus=self._corpus,
            model=str(response.get("model") or self._model),
            usage=_usage(response.get("usage")),
        )

    def _taken_fields(self) -> frozenset[str]:
        """What `/v1/ask` takes; only the question where the server does not say."""
        try:
            described = self._call("GET", "/openapi.json").json()
            schema = described["paths"]["/v1/ask"]["post"]["requestBody"]["content"]["application/json"]["schema"]
            if reference := schema.get("$ref"):
                schema = described["components"]["schemas"][reference.rpartition("/")[2]]
            return frozenset(schema["properties"])
        except (EndpointError, httpx.HTTPError, KeyError, TypeError, AttributeError):
            return frozenset()

    def _choose_model(self, settings: Settings) -> str:
        if settings.chat_model != "extractive":
            return settings.chat_model
        try:
            return str(self._call("GET", "/v1/models").json()["data"][0]["id"])
        except (EndpointError, httpx.HTTPError, KeyError, IndexError, TypeError):
            return "default"

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The object it answers with; where it says that it is asked too often, after the wait that it asks for."""
        ends = time.monotonic() + self._limits.total_seconds
        response = self._call("POST", path, body)
        while response.status == _TOO_MANY and time.monotonic() + response.retry_after_seconds < ends:
            time.sleep(response.retry_after_seconds)
            response = self._call("POST", path, body)
        if response.status != 200:
            raise EndpointError(f"{path} said {response.status}: {_cut(response.content.decode(errors='replace'))}")
        found = response.json()
        if not isinstance(found, dict):
            raise EndpointError(f"{path} gave {type(found).__name__}, not an object")
        return found

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> "_Response":
        ends = time.monotonic() + self._limits.total_seconds
        content = bytearray()
        with self._client.stream(method, path, json=body) as response:
            for piece in response.iter_bytes():  # httpx's own timeout is of one read: a drip would never end
                content += piece
                if time.monotonic() > ends:
                    raise EndpointError(f"{path} took more than {self._limits.total_seconds:g} seconds")
                if len(content) > self._limits.body_bytes:
                    raise EndpointError(f"{path} sent more than {self._limits.body_bytes} bytes")
            return _Response(response.status_code, bytes(content), _retry_after(response.headers))


@dataclass(frozen=True, slots=True)
class _Response:
    status: int
    content: bytes
    retry_after_seconds: float

    def json(self) -> Any:
        try:
            return json.loads(self.content, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise EndpointError(f"not JSON: {_cut(self.content.decode(errors='replace'))}") from None


def _retry_after(headers: httpx.Headers) -> float:
    """The seconds it asks to wait: at least one, and one where it says nothing that is understood."""
    said = headers.get("Retry-After", "")
    return float(max(1, int(said))) if said.isdecimal() else 1.0


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _usage(value: Any) -> dict[str, int] | None:
    if not isinstance(value, Mapping):
        return None
    return {name: value[name] for name in ("prompt_tokens", "completion_tokens") if isinstance(value.get(name), int)}


def _told(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__


def _cut(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…")
