"""A TOML file of settings in, the `Settings` of one run out, and the part of any settings that decides an answer.

    chunk_tokens = 120
    passages = 8

The file overrules the environment for the run; its name, without the suffix, is the run's.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from rag.errors import ConfigurationError
from rag.settings import Settings, load_settings

DEFAULT_NAME = "default"
_NOT_OF_ANSWERS = frozenset({"data_dir", "embedding_threads"})  # where the index lies and how fast it is made
_SECRET = re.compile(r"(?:^|_)(?:key|token|secret|password)$")


@dataclass(frozen=True, slots=True)
class Configuration:
    name: str
    settings: Settings

    @property
    def deciding(self) -> dict[str, Any]:
        """The settings that an answer may depend on, JSON-ready; never a secret, because runs are shared."""
        return {
            name: value
            for name, value in self.settings.model_dump(mode="json").items()
            if name in _allowed(self.settings)
        }


def load_configurations(files: Sequence[Path]) -> list[Configuration]:
    """One configuration a file, or the environment's own without any.

    Raises:
        ConfigurationError: a file cannot be read, has an unknown or unacceptable setting, or two have one name.
    """
    if not files:
        return [Configuration(DEFAULT_NAME, load_settings())]
    loaded = [_load(file) for file in files]
    names = [configuration.name for configuration in loaded]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigurationError(f"--config: two files are named {repeated[0]!r}, as their runs would be; rename one.")
    return loaded


def _load(file: Path) -> Configuration:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"--config {file} cannot be read: {error}. Give a TOML file of settings.") from None
    allowed = _allowed(load_settings())
    if unknown := sorted(set(values) - allowed):
        raise ConfigurationError(
            f"{file}: {', '.join(map(repr, unknown))} cannot be set for a run; these can: {', '.join(sorted(allowed))}."
        )
    try:
        settings = Settings(**{_input_name(name): value for name, value in values.items()})
    except ValidationError as error:
        problems = "; ".join(
            ": ".join([*(str(part) for part in problem["loc"]), problem["msg"]]) for problem in error.errors()
        )
        raise ConfigurationError(f"{file}: {problems}. Correct the file.") from None
    return Configuration(file.stem, settings)


def _input_name(setting: str) -> str:
    alias = Settings.model_fields[setting].validation_alias
    return alias if isinstance(alias, str) else setting


def _allowed(settings: Settings) -> frozenset[str]:
    return frozenset(
        name
        for name in type(settings).model_fields
        if name not in _NOT_OF_ANSWERS
        and not _SECRET.search(name)
        and not isinstance(getattr(settings, name), SecretStr)
    )
