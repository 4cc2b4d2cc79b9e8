"""A gold set and its documents in, every problem of it out: what a set must be before anything is measured with it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from eval.cases import CaseType, GoldCase, GoldVerdict, shown
from eval.forms import form_words, holds_form

_VERDICT_OF_TYPE: dict[CaseType, GoldVerdict] = {  # the other types may have any verdict
    "conflict": "disputed",
    "partial": "partial",
    "unanswerable_near_miss": "abstained",
    "unanswerable_out_of_corpus": "abstained",
}
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def check_cases(cases: Sequence[GoldCase], documents: Mapping[str, str]) -> list[str]:
    """Every problem of a set over `documents` (source -> stored text), one line each; none means it may be used."""
    if not cases:
        return ["The set holds no cases."]
    problems = [_told(case, problem) for case in cases for problem in _problems_of(case, documents)]
    return problems + list(_repeated(cases))


def _problems_of(case: GoldCase, documents: Mapping[str, str]) -> Iterator[str]:
    yield from _check_fields(case)
    yield from _check_verdict(case)
    yield from _check_type(case)
    yield from _check_evidence(case, documents)
    yield from _check_forms(case)


def _check_fields(case: GoldCase) -> Iterator[str]:
    if not _ID.fullmatch(case.id):
        yield f"id: {shown(case.id)} is not lower-case words and digits joined by hyphens"
    if case.as_of is not None and not _is_day(case.as_of):
        yield f"as_of: {shown(case.as_of)} is not a date like 2025-09-04"
    roles = [turn.role for turn in case.history]
    if roles != ["user", "assistant"] * (len(roles) // 2):
        yield f"history: {', '.join(roles)} is not user and assistant in turn, the assistant last"


def _check_verdict(case: GoldCase) -> Iterator[str]:
    needs_answer = case.verdict != "abstained"
    if (fixed := _VERDICT_OF_TYPE.get(case.type)) and case.verdict != fixed:
        yield f"verdict: {shown(case.verdict)} does not go with type {shown(case.type)}, which is always {fixed}"
    elif case.verdict == "partial" and case.note is None:
        yield "note: a partial case says here what the texts do not tell"
    for name, given in (("answer_points", case.answer_points), ("evidence", case.evidence)):
        if needs_answer and not given:
            yield f"{name}: none, though the verdict is {shown(case.verdict)}"
        elif given and not needs_answer:
            yield f"{name}: {len(given)}, though the verdict is 'abstained'"
        elif case.verdict == "disputed" and len(given) < 2:
            yield f"{name}: 1, though a disputed case needs both sides"


def _check_type(case: GoldCase) -> Iterator[str]:
    if case.type == "follow_up" and not case.history:
        yield "history: none, though the type is 'follow_up'"
    if case.type == "as_of" and case.as_of is None:
        yield "as_of: none, though the type is 'as_of'"
    if case.type == "multi_document" and case.evidence:
        sources = [{quote.source for quote in piece.any_of} for piece in case.evidence]
        for source in sorted(set.intersection(*sources)):
            yield f"type: 'multi_document', though {shown(source)} alone has all of the evidence"


def _check_evidence(case: GoldCase, documents: Mapping[str, str]) -> Iterator[str]:
    for i, piece in enumerate(case.evidence):
        if not piece.any_of:
            yield f"evidence[{i}].any_of: empty"
        for j, reference in enumerate(piece.any_of):
            path = f"evidence[{i}].any_of[{j}]"
            if reference.source not in documents:
                yield f"{path}.source: {shown(reference.source)} is none of the {len(documents)} documents"
            elif not reference.quote.strip() or reference.quote not in documents[reference.source]:
                yield f"{path}.quote: {shown(reference.quote)} is not in {reference.source}, character for character"


def _check_forms(case: GoldCase) -> Iterator[str]:
    quotes = [reference.quote for reference in case.quotes]
    accepted = [_forms(f"answer_points[{i}].accepted", p.accepted) for i, p in enumerate(case.answer_points)]
    wrong = [_forms(f"must_not[{i}].forms", claim.forms) for i, claim in enumerate(case.must_not)]
    for path, forms in (*accepted, *wrong):
        if not forms:
            yield f"{path}: empty"
        yield from (f"{where}: {shown(form)} holds no word" for where, form in forms if not form_words(form))
    for where, form in (form for _, forms in accepted for form in forms):
        if form_words(form) and not any(holds_form(text, form) for text in (*quotes, case.note or "")):
            yield f"{where}: {shown(form)} is in no quote of the evidence; a derived form must be named in the note"
    for where, form in (form for _, forms in wrong for form in forms):
        right = [*quotes, *(known for point in case.answer_points for known in point.accepted)]
        if found := next((text for text in right if holds_form(text, form)), None):
            yield f"{where}: {shown(form)} is in the evidence or an accepted form, {shown(found)}"


def _forms(path: str, forms: Iterable[str]) -> tuple[str, list[tuple[str, str]]]:
    return path, [(f"{path}[{i}]", form) for i, form in enumerate(forms)]


def _repeated(cases: Iterable[GoldCase]) -> Iterator[str]:
    ids, questions = dict[str, GoldCase](), dict[object, GoldCase]()
    for case in cases:
        if (first := ids.setdefault(case.id, case)) is not case:
            yield _told(case, f"id: {shown(case.id)} is taken{_at(first)}")
        asked = (" ".join(form_words(case.question)), case.history, case.as_of)
        if (first := questions.setdefault(asked, case)) is not case:
            yield _told(case, f"question: {shown(case.question)} is already asked by {first.id}{_at(first)}")


def _told(case: GoldCase, problem: str) -> str:
    return f"line {case.line} ({case.id}): {problem}" if case.line else f"{case.id}: {problem}"


def _at(case: GoldCase) -> str:
    return f" (line {case.line})" if case.line else ""


def _is_day(value: str) -> bool:
    try:
        return _DAY.fullmatch(value) is not None and bool(date.fromisoformat(value))
    except ValueError:
        return False
