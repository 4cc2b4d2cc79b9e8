from pathlib import Path

import pytest

from eval.configurations import load_configurations
from rag.errors import ConfigurationError


def written(folder: Path, text: str, name: str = "small.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_file_overrules_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTEST_PASSAGES", "7")
    monkeypatch.setenv("ATTEST_CHUNK_TOKENS", "99")
    (found,) = load_configurations([written(tmp_path, "chunk_tokens = 120")])
    assert found.name == "small"
    assert (found.settings.chunk_tokens, found.settings.passages) == (120, 7)


def test_a_setting_of_another_name_in_the_environment_can_be_set(tmp_path: Path) -> None:
    (found,) = load_configurations([written(tmp_path, 'openai_base_url = "http://127.0.0.1:1/v1"')])
    assert found.settings.openai_base_url == "http://127.0.0.1:1/v1"


def test_without_a_file_the_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTEST_PASSAGES", "7")
    (found,) = load_configurations([])
    assert (found.name, found.settings.passages) == ("default", 7)


def test_no_secret_and_no_folder_decides_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    (found,) = load_configurations([])
    assert {"chunk_tokens", "passages", "chat_model", "embedding_model"} <= set(found.deciding)
    assert not {"data_dir", "embedding_threads", "openai_api_key"} & set(found.deciding)
    assert "sk-secret" not in str(found.deciding)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("chunk_token = 120", "'chunk_token' cannot be set for a run; these can: .*chunk_tokens"),
        ('openai_api_key = "x"', "'openai_api_key' cannot be set for a run"),
        ('data_dir = "x"', "'data_dir' cannot be set"),
        ("chunk_tokens = 3", "chunk_tokens: Input should be greater than or equal to 32"),
        ("chunk_tokens = 40\nchunk_overlap_tokens = 40", "must be smaller than"),
        ("chunk_tokens =", "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        load_configurations([written(tmp_path, text)])


def test_two_files_of_one_name_would_be_one_run(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    files = [written(tmp_path, ""), written(tmp_path / "b", "")]
    with pytest.raises(ConfigurationError, match="two files are named 'small'"):
        load_configurations(files)
