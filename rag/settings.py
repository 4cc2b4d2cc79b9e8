"""The environment (and `.env`) in, one frozen `Settings` out: the only file that reads either."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from rag.errors import ConfigurationError


class Settings(BaseSettings):
    """Every setting, with its default and unit. `.env.example` explains each to the person who sets it."""

    model_config = SettingsConfigDict(
        env_prefix="ATTEST_", env_file=".env", extra="ignore", env_ignore_empty=True, frozen=True
    )

    data_dir: Path = Path(".attest")
    chat_model: str = "extractive"
    embedding_model: str = "all-MiniLM-L6-v2"
    embedding_dimensions: int = Field(default=0, ge=0)  # of a model behind the OpenAI API; 0: as many as it has
    embedding_threads: int = Field(default=0, ge=0)  # 0: one per core
    chunk_tokens: int = Field(default=180, ge=32, le=8192)  # cl100k_base tokens
    chunk_overlap_tokens: int = Field(default=0, ge=0)
    keep_versions_days: int = Field(
        default=90, ge=0, le=36_500
    )  # how long what was replaced can still be read; 0: not at all
    max_file_mb: int = Field(default=100, ge=1)  # of one file; larger ones are not read
    parse_seconds: float = Field(default=60.0, gt=0)  # that reading one file may take
    parse_memory_mb: int = Field(default=1024, ge=256)  # that reading one file may take
    passages: int = Field(default=5, ge=1, le=50)  # how many an answer is drawn from
    least_confidence: float = Field(default=0.25, ge=0, le=1)  # calibrated chance that they answer; below: abstain
    model_connect_seconds: float = Field(default=5.0, gt=0)  # until a connection stands
    model_first_token_seconds: float = Field(default=20.0, gt=0)  # until the first words, retries included
    model_answer_seconds: float = Field(default=60.0, gt=0)  # until the last word
    model_window_tokens: int = Field(default=8192, ge=1024)  # what the model reads and writes at most
    model_answer_tokens: int = Field(default=500, ge=50)  # of these, kept for what it writes
    # Under the names that every tool of this vendor reads:
    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(default=None, validation_alias="OPENAI_BASE_URL", pattern="^https?://")

    @model_validator(mode="after")
    def _overlap_fits(self) -> "Settings":
        if self.chunk_overlap_tokens >= self.chunk_tokens:
            raise ValueError(
                f"chunk_overlap_tokens ({self.chunk_overlap_tokens}) must be smaller than "
                f"chunk_tokens ({self.chunk_tokens})"
            )
        return self

    @model_validator(mode="after")
    def _answer_fits(self) -> "Settings":
        if 2 * self.model_answer_tokens > self.model_window_tokens:
            raise ValueError(
                f"model_answer_tokens ({self.model_answer_tokens}) must be at most half of "
                f"model_window_tokens ({self.model_window_tokens})"
            )
        return self


def _listed(given: object) -> object:
    return [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given


class ServerSettings(Settings):
    """What `attest serve` reads besides: no answer depends on these."""

    public_url: str | None = Field(default=None, pattern=r"^https?://[^/?#]+$")  # where people reach the server
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = ()
    requests_per_minute: int = Field(default=120, ge=0)  # of one caller; 0: no limit
    concurrent_answers: int = Field(default=0, ge=0)  # 0: as api.limits chooses
    request_seconds: float = Field(default=90.0, gt=0)  # until a response ends
    max_body_bytes: int = Field(default=2**20, gt=0)
    max_upload_bytes: int = Field(default=50 * 2**20, gt=0)
    heartbeat_seconds: float = Field(default=10.0, gt=0)  # of silence in a stream before it shows that it lives


def _mapped(given: object) -> object:
    """`C1=legal,T9=default` as a mapping."""
    if not isinstance(given, str):
        return given
    pairs = [part.partition("=") for part in given.split(",") if part.strip()]
    if not all(key.strip() and value.strip() for key, _, value in pairs):
        raise ValueError(f"{given!r} is not a list such as C0123=legal,T0456=default")
    return {key.strip(): value.strip() for key, _, value in pairs}


class SlackSettings(ServerSettings):
    """What the Slack bot reads besides: `attest slack`, and `attest serve` where there is a signing secret."""

    # Under the names that every tool for Slack reads:
    slack_bot_token: SecretStr | None = Field(default=None, validation_alias="SLACK_BOT_TOKEN")
    slack_signing_secret: SecretStr | None = Field(default=None, validation_alias="SLACK_SIGNING_SECRET")
    slack_app_token: SecretStr | None = Field(default=None, validation_alias="SLACK_APP_TOKEN")
    slack_api_url: str = Field(
        default="https://slack.com/api/", validation_alias="SLACK_API_URL", pattern="^https?://[^?#]+$"
    )
    slack_corpora: Annotated[dict[str, str], NoDecode, BeforeValidator(_mapped)] = {}  # by channel or team
    slack_ask_a_person: str | None = Field(default=None, pattern="^S[A-Z0-9]+$")  # the id of a user group
    slack_answers: int = Field(default=0, ge=0)  # at once; 0: as api.limits chooses
    slack_queue: int = Field(default=5000, ge=1)  # questions that wait at most
    slack_wait_seconds: float = Field(default=600.0, gt=0)  # that a question may be expected to wait; beyond: refused


SETTINGS_FILE = "settings.toml"
"""In the folder of a corpus, the default one's being the data directory: what is otherwise for that corpus."""

_OF_A_CORPUS = (
    *("chunk_tokens", "chunk_overlap_tokens", "passages", "least_confidence"),
    *("embedding_model", "embedding_dimensions", "keep_versions_days"),
)


def settings_of_corpus(settings: Settings, folder: Path) -> Settings:
    """`settings`, overruled by the corpus's own in `folder`.

    Raises:
        ConfigurationError: the file cannot be read, has another key, or a value that is not acceptable.
    """
    path = folder / SETTINGS_FILE
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        return settings
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}. Correct the file.") from None
    if unknown := ", ".join(sorted(told.keys() - set(_OF_A_CORPUS))):
        raise ConfigurationError(f"{path}: {unknown} is no setting of a corpus; these are: {', '.join(_OF_A_CORPUS)}.")
    try:
        checked = Settings.model_validate({name: getattr(settings, name) for name in _OF_A_CORPUS} | told)
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {_problems(error, lambda name: name)}. Correct the file.") from None
    return settings.model_copy(update={name: getattr(checked, name) for name in _OF_A_CORPUS})


def load_settings() -> Settings:
    """Settings from the environment over `.env` over the defaults.

    Raises:
        ConfigurationError: a value is not acceptable; the message names the variable.
    """
    return _load(Settings)


def load_server_settings() -> ServerSettings:
    """As `load_settings`, with the server's own."""
    return _load(ServerSettings)


def load_slack_settings() -> SlackSettings:
    """As `load_server_settings`, with the Slack bot's own."""
    return _load(SlackSettings)


Kind = TypeVar("Kind", bound=Settings)


def _load(kind: type[Kind]) -> Kind:
    try:
        return kind()
    except ValidationError as error:
        problems = _problems(error, lambda location: _variable(kind, location))
        raise ConfigurationError(f"{problems}. Correct the environment or .env.") from None


def _problems(error: ValidationError, called: Callable[[str], str]) -> str:
    """What pydantic found, each under what the place is called where it was set."""
    return "; ".join(
        f"{called(str(problem['loc'][0]))}: {problem['msg']}" if problem["loc"] else problem["msg"]
        for problem in error.errors()
    )


def _variable(kind: type[Settings], location: str) -> str:
    """The environment variable behind a problem's place: a field's name, or its alias where it has one."""
    return f"ATTEST_{location.upper()}" if location in kind.model_fields else location
