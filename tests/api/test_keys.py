import hashlib
import sqlite3
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.keys import KeyStore
from rag.errors import ConfigurationError, StoreError


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "data" / "keys.sqlite")


def test_a_key_opens_what_it_was_made_for(keys: KeyStore) -> None:
    made, text = keys.create(name="Ann", corpora=["law", "news", "law"], read_only=True)
    assert keys.check(text) == made
    assert (made.name, made.corpora, made.read_only, made.revoked_at) == ("Ann", ("law", "news"), True, None)
    assert keys.all() == [made]


def test_a_key_without_corpora_opens_all(keys: KeyStore) -> None:
    made, _ = keys.create(name="Ann")
    assert made.corpora is None
    assert not made.read_only


def test_a_key_has_256_random_bits(keys: KeyStore) -> None:
    texts = [keys.create(name="Ann")[1] for _ in range(20)]
    secrets = {text.split("_", 2)[2] for text in texts}
    assert all(text.startswith("attest_") for text in texts)
    assert {len(secret) for secret in secrets} == {43}  # of 6 bits each
    assert len(secrets) == 20


def test_only_a_hash_of_a_key_is_kept(keys: KeyStore, tmp_path: Path) -> None:
    _, text = keys.create(name="Ann")
    secret = text.split("_", 2)[2]
    stored = (tmp_path / "data" / "keys.sqlite").read_bytes()
    assert secret.encode() not in stored
    assert hashlib.sha256(secret.encode()).digest() in stored


def test_a_revoked_key_opens_nothing_and_leaves_the_server_closed(keys: KeyStore) -> None:
    made, text = keys.create(name="Ann")
    revoked = keys.revoke(made.key_id)
    assert revoked.revoked_at is not None
    assert keys.check(text) is None
    assert keys.exist()
    assert keys.revoke(made.key_id) == revoked


def test_revoking_one_key_leaves_the_others(keys: KeyStore) -> None:
    (first, _), (second, text) = keys.create(name="Ann"), keys.create(name="Bob")
    keys.revoke(first.key_id)
    assert keys.check(text) == second


def test_a_key_that_another_process_makes_or_revokes_counts_at_once(keys: KeyStore, tmp_path: Path) -> None:
    elsewhere = KeyStore(tmp_path / "data" / "keys.sqlite")
    assert not keys.exist()
    made, text = elsewhere.create(name="Ann")
    assert keys.exist()
    assert keys.check(text) == made
    elsewhere.revoke(made.key_id)
    assert keys.check(text) is None


def test_before_the_first_key_there_is_no_file(keys: KeyStore, tmp_path: Path) -> None:
    assert not keys.exist()
    assert keys.all() == []
    assert keys.check(f"attest_{'0' * 12}_{'a' * 43}") is None
    assert not (tmp_path / "data").exists()


def test_an_unknown_id_cannot_be_revoked(keys: KeyStore) -> None:
    with pytest.raises(ConfigurationError, match=r"no key 'k9'.*attest keys list"):
        keys.revoke("k9")


def test_any_change_of_a_key_makes_it_another(keys: KeyStore) -> None:
    _, text = keys.create(name="Ann")
    _, other = keys.create(name="Bob")

    @given(st.integers(0, len(text) - 1), st.sampled_from("abcdefABCDEF0123456789_-é\x00 "))
    def changed(place: int, character: str) -> None:
        tried = text[:place] + character + text[place + 1 :]
        assert keys.check(tried) is None or tried == text

    changed()
    assert keys.check(f"{text[:19]}_{other.split('_', 2)[2]}") is None  # the secret of another
    assert all(keys.check(wrong) is None for wrong in ("", text + "=", f"{text}\n", text[:-1], text.upper()))


def test_a_damaged_file_lets_nobody_in(keys: KeyStore, tmp_path: Path) -> None:
    _, text = keys.create(name="Ann")
    (tmp_path / "data" / "keys.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="cannot be used"):
        keys.exist()
    with pytest.raises(StoreError, match="cannot be used"):
        keys.check(text)


def test_an_emptied_file_lets_nobody_in(keys: KeyStore, tmp_path: Path) -> None:
    keys.create(name="Ann")
    (tmp_path / "data" / "keys.sqlite").write_bytes(b"")
    with pytest.raises(StoreError):
        keys.exist()


def test_keys_are_read_while_others_are_made(keys: KeyStore) -> None:
    made, text = keys.create(name="Ann")
    makers = [threading.Thread(target=lambda: [keys.create(name="Bob") for _ in range(10)]) for _ in range(3)]
    for maker in makers:
        maker.start()
    while any(maker.is_alive() for maker in makers):
        assert keys.check(text) == made
    assert len(keys.all()) == 31


def test_what_is_busy_too_long_is_said_to_be(keys: KeyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.keys._BUSY_SECONDS", 0.1)
    keys.create(name="Ann")
    blocking = sqlite3.connect(tmp_path / "data" / "keys.sqlite", isolation_level=None)
    blocking.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="locked"):
        keys.exist()
    blocking.close()
