import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from eval.cases import GoldCase
from eval.configurations import Configuration
from eval.corpora import indexed, read_corpus
from eval.results import CaseResult, CorpusDocument, RunInfo, read_results, read_run
from eval.runner import Place, choose_cases, describe_run, differences, find_place, run_cases
from eval.targets import AnswersTarget, EngineTarget, open_engine_target
from rag.errors import ConfigurationError
from rag.settings import Settings

CORPUS = [CorpusDocument("bridge.txt", "It is 503 metres long.")]


class Echo:
    """Answers with the question; fails on those in `failing`."""

    name = "echo"

    def __init__(self, **configuration: Any) -> None:
        self.configuration: Mapping[str, Any] = configuration
        self.asked: list[str] = []
        self.failing: set[str] = set()

    def ask(self, case: GoldCase) -> Mapping[str, Any]:
        self.asked.append(case.id)
        if case.id in self.failing:
            raise TimeoutError("too slow")
        return {"verdict": "answered", "text": case.question, "timings_ms": {"total": 1.0}}


def cases(count: int) -> list[GoldCase]:
    return [GoldCase(f"case-{n}", f"Question {n}?", "single_fact", "abstained") for n in range(count)]


@pytest.fixture
def set_path(tmp_path: Path) -> Path:
    path = tmp_path / "set.jsonl"
    path.write_text("one version of a set")
    return path


def described(set_path: Path, target: Echo | None = None, **changes: Any) -> RunInfo:
    return replace(describe_run("default", target or Echo(passages=5), cases_path=set_path, corpus=CORPUS), **changes)


def run(
    folder: Path, target: Echo, asked: list[GoldCase], set_path: Path, *, resumed: bool = False
) -> list[CaseResult]:
    info = describe_run("default", target, cases_path=set_path, corpus=CORPUS)
    return list(run_cases(asked, target, info=info, corpus=CORPUS, place=Place(folder, resumed)).results)


def test_a_case_that_raises_is_a_failure_and_the_run_goes_on(tmp_path: Path, set_path: Path) -> None:
    target = Echo()
    target.failing = {"case-1"}
    results = run(tmp_path / "run", target, cases(3), set_path)
    assert [result.failure for result in results] == [None, "TimeoutError: too slow", None]
    assert results[1].answer is None
    assert read_run(tmp_path / "run").corpus == {"bridge.txt": CORPUS[0]}


def test_ctrl_c_keeps_what_there_is(tmp_path: Path, set_path: Path) -> None:
    class Interrupted(Echo):
        def ask(self, case: GoldCase) -> Mapping[str, Any]:
            if case.id == "case-2":
                raise KeyboardInterrupt
            return super().ask(case)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", Interrupted(), cases(4), set_path)
    assert [result.case_id for result in read_results(tmp_path / "run")] == ["case-0", "case-1"]


def test_resuming_asks_only_what_has_no_answer_yet(tmp_path: Path, set_path: Path) -> None:
    first, second = Echo(), Echo()
    first.failing = {"case-0"}
    run(tmp_path / "run", first, cases(2), set_path)
    results = run(tmp_path / "run", second, cases(4), set_path, resumed=True)
    assert second.asked == ["case-0", "case-2", "case-3"]
    assert sorted(result.case_id for result in results if result.answer) == ["case-0", "case-1", "case-2", "case-3"]


def test_a_line_that_was_cut_short_costs_only_its_own_case(tmp_path: Path, set_path: Path) -> None:
    run(tmp_path / "run", Echo(), cases(3), set_path)
    path = tmp_path / "run" / "results.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    again = Echo()
    results = run(tmp_path / "run", again, cases(4), set_path, resumed=True)
    assert again.asked == ["case-2", "case-3"]
    assert len(results) == 4
    assert all(json.loads(line) for line in path.read_text().split("\n")[:-1])


def test_a_line_separator_in_a_text_does_not_split_its_line(tmp_path: Path, set_path: Path) -> None:
    asked = [GoldCase("odd", "one\u2028two\u0085three", "single_fact", "abstained")]
    (result,) = run(tmp_path / "run", Echo(), asked, set_path)
    assert result.answer is not None
    assert result.answer["text"] == "one\u2028two\u0085three"


def test_an_equal_target_gives_equal_results(tmp_path: Path, set_path: Path) -> None:
    def records(folder: str) -> list[tuple[str, object]]:
        return [(result.case_id, result.answer) for result in run(tmp_path / folder, Echo(), cases(3), set_path)]

    assert records("one") == records("two")


def test_identity_is_of_what_decides_the_answers(tmp_path: Path, set_path: Path) -> None:
    info = described(set_path)
    assert described(set_path).identity == info.identity
    assert described(set_path, Echo(passages=6)).identity != info.identity
    other = describe_run("default", Echo(passages=5), cases_path=set_path, corpus=[replace(CORPUS[0], text="other")])
    assert other.identity != info.identity
    set_path.write_text("another version")
    assert described(set_path).identity != info.identity


def test_differences_name_what_changed_with_both_values(set_path: Path) -> None:
    assert differences(described(set_path), described(set_path)) == []
    assert differences(described(set_path), described(set_path, Echo(passages=8))) == ["passages: 5, then 8"]


def written(folder: Path, info: RunInfo) -> Path:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(asdict(info)))
    (folder / "corpus.json").write_text("[]")
    return folder


def test_a_run_is_put_in_a_new_folder_named_by_time_and_configuration(tmp_path: Path, set_path: Path) -> None:
    info = described(set_path, started="2026-01-02T03:04:05+00:00")
    place = find_place(info, runs=tmp_path / "runs")
    assert place == Place(tmp_path / "runs" / "2026-01-02T030405Z-default", resumed=False)
    place.folder.mkdir(parents=True)
    assert find_place(info, runs=tmp_path / "runs").folder.name == "2026-01-02T030405Z-default-2"


def test_resuming_finds_the_newest_run_of_the_same_identity(tmp_path: Path, set_path: Path) -> None:
    info, other = described(set_path), described(set_path, Echo(passages=9))
    written(tmp_path / "a", replace(info, started="2026-01-01T00:00:00+00:00"))
    written(tmp_path / "b", replace(info, started="2026-01-02T00:00:00+00:00"))
    written(tmp_path / "c", replace(other, started="2026-01-03T00:00:00+00:00"))
    (tmp_path / "no-run").mkdir()
    assert find_place(info, resume=True, runs=tmp_path) == Place(tmp_path / "b", resumed=True)


def test_resuming_refuses_another_identity_and_says_what_differs(tmp_path: Path, set_path: Path) -> None:
    folder = written(tmp_path / "runs" / "a", described(set_path, Echo(passages=9)))
    for places in ({"out": folder}, {"runs": tmp_path / "runs"}):
        with pytest.raises(
            ConfigurationError, match=r"cannot be continued.*: passages: 9, then 5\. Leave out --resume"
        ):
            find_place(described(set_path), resume=True, **places)


def test_resuming_with_no_run_yet_starts_one(tmp_path: Path, set_path: Path) -> None:
    assert not find_place(described(set_path), resume=True, runs=tmp_path / "none").resumed


def test_a_run_is_never_written_over(tmp_path: Path, set_path: Path) -> None:
    folder = written(tmp_path / "a", described(set_path))
    with pytest.raises(ConfigurationError, match=r"holds a run\. Add --resume"):
        find_place(described(set_path), out=folder)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine.txt").touch()
    with pytest.raises(ConfigurationError, match="neither a run nor an empty folder"):
        find_place(described(set_path), out=tmp_path / "b")


def test_a_limit_takes_a_fixed_sample_and_a_larger_one_holds_it() -> None:
    every = cases(30)
    few, more = choose_cases(every, limit=5), choose_cases(every, limit=12)
    assert [len(few), len(more)] == [5, 12]
    assert set(few) < set(more)
    assert few != every[:5]
    assert more == [case for case in every if case in more]
    assert choose_cases(every, limit=99) == every


def test_the_engine_is_asked_and_described(docs: Path, tmp_path: Path) -> None:
    configuration = Configuration("default", Settings.model_construct())
    data_dir, unread = indexed(docs, tmp_path / "cache", settings=configuration.settings)
    again, _ = indexed(docs, tmp_path / "cache", settings=configuration.settings)
    assert (unread, again) == ({}, data_dir)
    with open_engine_target(data_dir, configuration=configuration) as target:
        assert isinstance(target, EngineTarget)
        answer = target.ask(GoldCase("long", "How long is the bridge?", "number", "answered"))
        assert target.configuration["chunk_tokens"] == 180
        assert str(target.configuration["code"]).startswith("sha256:")
    assert (answer["verdict"], answer["citations"][0]["source"]) == ("answered", "bridge.md")


def test_each_recipe_has_an_index_of_its_own(docs: Path, tmp_path: Path) -> None:
    one, _ = indexed(docs, tmp_path, settings=Settings.model_construct())
    other, _ = indexed(docs, tmp_path, settings=Settings.model_construct(chunk_tokens=90))
    assert one != other


def test_a_corpus_without_a_readable_document_is_refused(tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(b"\0")
    with pytest.raises(ConfigurationError, match="no document that can be read"):
        read_corpus(tmp_path)


def answers_file(folder: Path, *lines: str) -> AnswersTarget:
    path = folder / "answers.jsonl"
    path.write_text("\n".join(lines))
    return AnswersTarget(path, corpus={"bridge.txt": CORPUS[0]})


def test_answers_made_elsewhere_are_found_by_id_or_question(tmp_path: Path) -> None:
    target = answers_file(
        tmp_path,
        '{"id": "case-0", "text": "It is 503 metres long [1].", "citations": ["bridge.txt"]}',
        "",
        '{"question": "Why?", "answer": {"verdict": "abstained", "text": "", "sentences": [], "citations": []}}',
    )
    assert target.ask(cases(1)[0])["citations"][0]["quote"] == CORPUS[0].text
    assert target.ask(GoldCase("why", "Why?", "single_fact", "abstained"))["verdict"] == "abstained"
    with pytest.raises(LookupError, match="has no answer to this case"):
        target.ask(cases(2)[1])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 1 is not JSON"),
        ('{"id": "a"}', 'line 1 has neither "answer" nor "text"'),
        ('{"text": "a"}', 'line 1 has neither "id" nor "question"'),
        ("[]", 'line 1 has neither "answer" nor "text"'),
    ],
)
def test_a_line_that_is_no_answer_is_named(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        answers_file(tmp_path, line)
