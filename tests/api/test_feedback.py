import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from api.feedback import FEEDBACK, Feedback, FeedbackStore
from rag.errors import StoreError
from tests.api.conftest import Serve

JSON = {"Content-Type": "application/json"}


def test_feedback_is_kept_with_the_corpus(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "corpora" / "law").mkdir(parents=True)
    client = serve(tmp_path)
    body = {
        "rating": "down",
        "question": "Who?",
        "comment": "Nobody?",
        "answer": {"text": "\ud83d"},
    }  # half a character
    response = client.post("/v1/feedback", content=json.dumps({**body, "corpus": "law"}), headers=JSON)
    assert response.status_code == 201
    [kept] = FeedbackStore(tmp_path / "corpora" / "law" / FEEDBACK).all()
    assert kept.feedback_id == response.json()["feedback_id"]
    assert (kept.rating, kept.question, kept.comment, kept.owner) == ("down", "Who?", "Nobody?", "")
    assert kept.answer == {"text": "\ud83d"}
    assert FeedbackStore(tmp_path / FEEDBACK).all() == []


@pytest.mark.parametrize(
    "body", [{"rating": "meh", "question": "Who?"}, {"rating": "up"}, {"rating": "up", "question": "?", "stars": 5}]
)
def test_what_is_no_feedback_is_422(seeds: httpx.Client, body: dict[str, object]) -> None:
    assert seeds.post("/v1/feedback", json=body).status_code == 422


def test_what_was_given_is_read_back(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "f.sqlite", now=lambda: datetime(2025, 9, 4, 12, tzinfo=UTC))
    feedback_id = store.add("up", question="Who?", conversation_id="c_1", owner="me")
    assert store.all() == [
        Feedback(
            feedback_id=feedback_id,
            owner="me",
            given_at="2025-09-04T12:00:00.000+00:00",
            rating="up",
            comment=None,
            question="Who?",
            conversation_id="c_1",
            answer=None,
        )
    ]


def test_beyond_the_budget_the_oldest_is_forgotten(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "f.sqlite", most_bytes=100_000)
    ids = [store.add("up", question=str(number), comment="x" * 4000) for number in range(50)]
    kept = [one.feedback_id for one in store.all()]
    assert 10 < len(kept) < 30
    assert kept == ids[-len(kept) :]


def test_a_file_that_is_no_database_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "f.sqlite").write_text("no database" * 100)
    with pytest.raises(StoreError, match="rename the file away"):
        FeedbackStore(tmp_path / "f.sqlite").add("up", question="Who?")
