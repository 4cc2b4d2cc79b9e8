from pathlib import Path

import pytest

from rag.bootstrap import open_chatbot
from rag.errors import ConfigurationError
from rag.settings import (
    Settings,
    SlackSettings,
    load_server_settings,
    load_settings,
    load_slack_settings,
)

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def example() -> dict[str, str]:
    lines = [line for line in EXAMPLE.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_the_example_names_every_setting_and_no_other() -> None:
    assert set(example()) == {
        field.validation_alias or f"ATTEST_{name.upper()}" for name, field in SlackSettings.model_fields.items()
    }


def test_the_example_shows_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(EXAMPLE.read_text())
    monkeypatch.chdir(tmp_path)
    for name in example():
        monkeypatch.delenv(name, raising=False)
    assert load_slack_settings() == SlackSettings.model_validate({})


def test_each_setting_in_the_example_is_explained() -> None:
    for paragraph in EXAMPLE.read_text().split("\n\n")[1:]:
        assert paragraph.startswith("# "), f"no comment above {paragraph}"


def test_the_environment_overrules_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTEST_CHUNK_TOKENS", "99")
    assert load_settings().chunk_tokens == 99


def test_a_file_named_env_in_the_working_folder_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ATTEST_PASSAGES=7\nOTHER=1\n")
    monkeypatch.chdir(tmp_path)
    assert load_settings().passages == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATTEST_CHUNK_TOKENS", "many"),
        ("ATTEST_PASSAGES", "0"),
        ("ATTEST_CHUNK_OVERLAP_TOKENS", "180"),
        ("OPENAI_BASE_URL", "localhost"),
    ],
)
def test_a_bad_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=f"(?i){name.removeprefix('ATTEST_')}"):
        load_settings()


@pytest.mark.parametrize("setting", ["chat_model", "embedding_model"])
def test_a_model_that_is_not_local_needs_a_key_or_an_address(setting: str, tmp_path: Path) -> None:
    settings = Settings.model_validate({"embedding_dimensions": 8}).model_copy(update={setting: "gpt-9"})
    with pytest.raises(ConfigurationError, match="'gpt-9' needs OPENAI_API_KEY, or OPENAI_BASE_URL"):
        open_chatbot(tmp_path, settings=settings)


def test_an_answer_must_fit_its_models_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTEST_MODEL_WINDOW_TOKENS", "1024")
    monkeypatch.setenv("ATTEST_MODEL_ANSWER_TOKENS", "513")
    with pytest.raises(ConfigurationError, match=r"model_answer_tokens \(513\).*model_window_tokens \(1024\)"):
        load_settings()


def test_a_bad_address_is_named_as_the_environment_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "localhost")
    with pytest.raises(ConfigurationError, match=r"^OPENAI_BASE_URL: "):
        load_settings()


def test_the_key_is_read_under_its_usual_name_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    settings = load_settings()
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == "sk-secret"
    assert "sk-secret" not in f"{settings} {settings!r} {settings.model_dump_json()}"


def test_an_empty_key_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "")
    assert load_settings().openai_api_key is None


def test_the_sites_that_may_call_are_listed_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTEST_CORS_ORIGINS", "https://a.example, https://b.example,")
    assert load_server_settings().cors_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize("url", ["chat.example.org", "https://chat.example.org/attest", "ftp://chat.example.org"])
def test_a_public_url_is_a_scheme_and_a_host(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ATTEST_PUBLIC_URL", url)
    with pytest.raises(ConfigurationError, match=r"^ATTEST_PUBLIC_URL: "):
        load_server_settings()
