import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.feedback import FEEDBACK, FeedbackStore
from api.feedback_cli import app
from api.gold_drafts import draft_cases
from eval.cases import GoldCase, load_cases
from eval.drafting import draft_case
from rag.errors import CorpusNotFoundError
from rag.types import Verdict
from tests.slack.answers import answered, cited


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeedbackStore:
    monkeypatch.setenv("ATTEST_DATA_DIR", str(tmp_path))
    return FeedbackStore(tmp_path / FEEDBACK)


def exported(tmp_path: Path, *arguments: str) -> list[GoldCase]:
    """As `eval` reads what the command prints."""
    result = CliRunner().invoke(app, ["export", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    path = tmp_path / "drafts.jsonl"
    path.write_text(result.stdout, encoding="utf-8")
    return load_cases(path)


def answer(verdict: Verdict = "answered", **values: Any) -> dict[str, Any]:
    kept = answered("It was so.", verdict=verdict, text="It was so. [1]", **values).to_dict()
    return dict(json.loads(json.dumps(kept)))


@pytest.mark.parametrize("verdict", ["answered", "partial", "disputed", "abstained"])
def test_a_draft_is_what_eval_would_draft_of_the_same_answer(
    store: FeedbackStore, tmp_path: Path, verdict: Verdict
) -> None:
    given = answer(verdict, citations=(cited(1, "It “was”\nso."), cited(2)))
    store.add("down", question="Was it <so>?", answer=given, comment="wrong: twelve")
    [draft] = exported(tmp_path)
    expected = draft_case("Was it <so>?", given, case_id=draft.id, note=draft.note)
    assert draft == expected
    assert draft.note is not None
    assert draft.note.endswith(": wrong: twelve")


def test_the_same_answer_is_drafted_once_with_all_remarks(store: FeedbackStore, tmp_path: Path) -> None:
    for owner, rating, comment in [("a", "down", None), ("a", "down", "no"), ("b", "up", None), ("b", "up", None)]:
        store.add(rating, question="So?", answer=answer(), owner=owner, comment=comment)  # type: ignore[arg-type]
    store.add("up", question="So?", answer={**answer(), "text": "Not so. [1]"})
    first, second = exported(tmp_path)
    days = [one.given_at[:10] for one in store.all()]
    assert first.note == f"down on {days[1]}: no; up on {days[2]}"
    assert first.id != second.id


def test_a_follow_up_is_drafted_as_it_was_understood(store: FeedbackStore, tmp_path: Path) -> None:
    store.add("up", question="And then?", answer=answer(standalone_question="Who led Hamas then?"))
    [draft] = exported(tmp_path)
    assert draft.question == "Who led Hamas then?"


@pytest.mark.parametrize(
    "sent",
    [None, {}, {"text": "\ud83d", "verdict": ["x"], "citations": 5}, {"citations": ["x", {"source": 1, "quote": "q"}]}],
)
def test_what_is_no_answer_of_ours_is_drafted_without_evidence(
    store: FeedbackStore, tmp_path: Path, sent: dict[str, Any] | None
) -> None:
    store.add("down", question="Who?", answer=sent)
    [draft] = exported(tmp_path)
    assert (draft.question, draft.verdict, draft.evidence) == ("Who?", "answered", ())


def test_only_feedback_of_one_kind_can_be_asked_for(store: FeedbackStore, tmp_path: Path) -> None:
    store.add("up", question="Good?")
    store.add("down", question="Bad?")
    assert [draft.question for draft in exported(tmp_path, "--rating", "down")] == ["Bad?"]


def test_each_corpus_has_its_own(store: FeedbackStore, tmp_path: Path) -> None:
    store.add("up", question="Here?")
    law = tmp_path / "corpora" / "law"
    law.mkdir(parents=True)
    FeedbackStore(law / FEEDBACK).add("up", question="There?")
    assert [draft.question for draft in exported(tmp_path, "--corpus", "law")] == ["There?"]
    with pytest.raises(CorpusNotFoundError):
        exported(tmp_path, "--corpus", "medicine")


def test_nothing_given_is_nothing_drafted(store: FeedbackStore, tmp_path: Path) -> None:
    assert exported(tmp_path) == []
    assert draft_cases([]) == []


def test_an_id_stays_when_more_feedback_comes(store: FeedbackStore, tmp_path: Path) -> None:
    store.add("up", question="So?", answer=answer())
    before = exported(tmp_path)
    store.add("down", question="So?", answer=answer())
    assert [draft.id for draft in exported(tmp_path)] == [draft.id for draft in before]
