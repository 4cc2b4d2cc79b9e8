"""Messages in, a completion of a model behind the OpenAI API out, within deadlines; the one file that knows the vendor.

Whatever goes wrong on the way is one `ModelError`. Neither it nor anything logged here holds the key.
"""

from collections.abc import Callable, Mapping, Sequence

import openai
from openai.types.chat import ChatCompletion

from rag.errors import ConfigurationError, ModelError
from rag.protocols import Completion, Message

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
RETRIES = 2
"""Of a call that was refused for its rate, failed in the server or was cut; a `Retry-After` of up to two minutes is
waited for, otherwise half a second, doubling."""

_NO_KEY_NEEDED = "none"  # the vendor's client insists on one; a local server does not read it
_PARAMETER_RETRIES = 2  # one for each parameter that newer models refuse


class OpenAIChatModel:
    """A chat model by its name; safe to share between threads."""

    def __init__(
        self,
        name: str,
        *,
        api_key: str | None,
        base_url: str | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        retries: int = RETRIES,
    ) -> None:
        """Opens no connection yet.

        Raises:
            ConfigurationError: neither a key nor an address of a compatible service is given.
        """
        if not api_key and not base_url:
            raise ConfigurationError(
                f"the model {name!r} needs OPENAI_API_KEY, or OPENAI_BASE_URL of an OpenAI-compatible service. "
                "Set one in the environment or in .env."
            )
        self._name = name
        self._read_seconds = read_seconds
        self._key = api_key
        self._length_option = "max_tokens"  # older and compatible servers know this name only
        self._takes_temperature = True
        self._client = openai.OpenAI(
            api_key=api_key or _NO_KEY_NEEDED,
            base_url=base_url,
            timeout=openai.Timeout(read_seconds, connect=connect_seconds),
            max_retries=retries,
        )

    @property
    def name(self) -> str:
        return self._name

    def complete(self, messages: Sequence[Message], *, max_tokens: int, temperature: float = 0.0) -> Completion:
        """As `ChatModel.complete`; models that take no temperature answer at their own."""
        try:
            for _ in range(_PARAMETER_RETRIES):
                options = self._options(max_tokens, temperature)
                try:
                    return self._ask(messages, options)
                except openai.BadRequestError as error:
                    if not self._adapts_to(error, options):
                        raise
            return self._ask(messages, self._options(max_tokens, temperature))
        except (openai.OpenAIError, ValueError) as error:  # a cut JSON body is a ValueError
            raise ModelError(self._explained(error)) from None

    def _options(self, max_tokens: int, temperature: float) -> Mapping[str, float]:
        limit = {self._length_option: max_tokens}
        return {**limit, "temperature": temperature} if self._takes_temperature else limit

    def _ask(self, messages: Sequence[Message], options: Mapping[str, float]) -> Completion:
        create: Callable[..., object] = self._client.chat.completions.create
        found = create(
            model=self._name,
            messages=[{"role": message.role, "content": message.content} for message in messages],
            **options,
        )
        # The vendor's client does not validate: any JSON, and any text, comes through.
        if not isinstance(found, ChatCompletion) or not found.choices:
            raise ValueError("what came back is not a chat completion")
        text = getattr(getattr(found.choices[0], "message", None), "content", None)
        if not isinstance(text, str):
            raise ValueError("the completion has no text")
        return Completion(text, _count(found, "prompt_tokens"), _count(found, "completion_tokens"))

    def _adapts_to(self, error: openai.BadRequestError, sent: Mapping[str, float]) -> bool:
        """Whether the refusal is of a parameter that can be said otherwise: newer models renamed or dropped two."""
        refused = f"{error.param or ''} {error.message}"
        if "max_tokens" in sent and "max_tokens" in refused:
            self._length_option = "max_completion_tokens"
        elif "temperature" in sent and "temperature" in refused:
            self._takes_temperature = False
        else:
            return False
        return True

    def _explained(self, error: Exception) -> str:
        """What happened, with the model's name and the next step."""
        where = f"the model {self._name!r} at {self._client.base_url.host}"
        match error:
            case openai.APITimeoutError():
                return f"{where} did not answer within {self._read_seconds:g} s. Try again, or choose a faster model."
            case openai.APIConnectionError():
                return f"{where} cannot be reached ({_one_line(str(error.__cause__ or error))}). Check OPENAI_BASE_URL."
            case openai.AuthenticationError() | openai.PermissionDeniedError():
                return f"{where} refused the key (HTTP {error.status_code}). Check OPENAI_API_KEY."
            case openai.NotFoundError():
                return f"{where} is not there (HTTP 404). Check the model's name and OPENAI_BASE_URL."
            case openai.RateLimitError():
                return f"{where} refused for its rate or quota (HTTP 429). Wait, or check the account."
            case openai.APIStatusError():
                return f"{where} failed (HTTP {error.status_code}: {self._redacted(error)}). Try again later."
            case _:
                return f"{where} gave no usable answer ({self._redacted(error)}). Try again, or choose another model."

    def _redacted(self, error: Exception) -> str:
        message = str(error)
        return _one_line(message.replace(self._key, "…") if self._key else message)


def _count(found: ChatCompletion, name: str) -> int:
    count = getattr(found.usage, name, None)
    return count if isinstance(count, int) else 0


def _one_line(message: str) -> str:
    return " ".join(message.split())[:200]
