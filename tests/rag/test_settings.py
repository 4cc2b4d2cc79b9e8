from pathlib import Path

import pytest

from rag.bootstrap import describe_index, open_chatbot, open_synchroniser
from rag.errors import ConfigurationError
from rag.settings import (
    Settings,
    SlackSettings,
    load_server_settings,
    load_settings,
    load_slack_settings,
    settings_of_corpus,
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


def test_a_corpus_has_settings_of_its_own(tmp_path: Path) -> None:
    settings = Settings.model_validate({"passages": 3, "OPENAI_API_KEY": "sk-secret"})
    assert settings_of_corpus(settings, tmp_path / "none") == settings
    (tmp_path / "settings.toml").write_text("chunk_tokens = 90\nleast_confidence = 0.5\n")
    own = settings_of_corpus(settings, tmp_path)
    assert (own.chunk_tokens, own.least_confidence, own.passages) == (90, 0.5, 3)
    assert own.openai_api_key == settings.openai_api_key


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("chunk_token = 90", "chunk_token is no setting of a corpus"),
        ('data_dir = "/"', "data_dir is no setting of a corpus"),
        ("chunk_tokens = 1", "chunk_tokens: "),
        ("chunk_tokens = 90\nchunk_overlap_tokens = 90", "must be smaller"),
        ("chunk_tokens", "cannot be read"),
    ],
)
def test_a_corpus_setting_that_cannot_be_is_refused_by_file_and_key(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "settings.toml").write_text(content)
    with pytest.raises(ConfigurationError, match=f"settings.toml.*{told}"):
        settings_of_corpus(Settings.model_validate({}), tmp_path)


def test_a_corpus_is_indexed_and_asked_by_its_own_settings(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    text = " ".join(f"Otter {number} of the bay eats {number} clams." for number in range(40))
    (tmp_path / "docs" / "otters.txt").write_text(text)
    settings = Settings.model_validate({})
    for name, told in (("a", "passages = 1\nchunk_tokens = 40"), ("b", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "settings.toml").write_text(told)
        open_synchroniser(tmp_path / name, settings=settings).sync([tmp_path / "docs"])
    chunks, passages = [], []
    for name in ("a", "b"):
        chunks.append(describe_index(tmp_path / name, settings=settings)["chunks"])
        chatbot = open_chatbot(tmp_path / name, settings=settings)
        passages.append(len(chatbot.ask("How many clams does otter 7 eat?").passages))
        chatbot.close()
    assert chunks[0] > chunks[1]  # type: ignore[operator]
    assert passages[0] == 1 < passages[1]
