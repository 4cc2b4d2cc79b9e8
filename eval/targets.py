"""A gold case in, the answer of whoever is scored out: our engine here, or a file of answers made elsewhere.

`eval.endpoint` asks a server. `configuration` holds everything that decides an answer, and what the asked cannot take.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from eval.answers import answer_from_text, checked_answer
from eval.cases import GoldCase
from eval.configurations import Configuration
from eval.results import CorpusDocument
from rag.bootstrap import open_chatbot
from rag.chatbot import Chatbot
from rag.errors import ConfigurationError
from rag.protocols import Message

NOT_TAKEN = "not passed: only the question is asked"


class Target(Protocol):
    @property
    def name(self) -> str:
        """ "attest", an endpoint's URL or an answers file's name."""
        ...

    @property
    def configuration(self) -> Mapping[str, Any]: ...

    def ask(self, case: GoldCase) -> Mapping[str, Any]:
        """The answer, in the `Answer` contract. Whatever it raises is recorded as the case's failure."""
        ...


class EngineTarget:
    """This checkout's engine; `open_engine_target` makes one."""

    name = "attest"

    def __init__(self, chatbot: Chatbot, *, configuration: Configuration) -> None:
        self._chatbot = chatbot
        self.configuration: Mapping[str, Any] = {
            **configuration.deciding,
            "code": engine_code_hash(),
            "history": "passed",
            "as_of": "passed",
        }

    def ask(self, case: GoldCase) -> Mapping[str, Any]:
        history = [Message(turn.role, turn.content) for turn in case.history]
        return self._chatbot.ask(case.question, history=history, as_of=case.as_of).to_dict()


@contextmanager
def open_engine_target(data_dir: Path, *, configuration: Configuration) -> Iterator[EngineTarget]:
    """The engine over an index, open while the block runs."""
    chatbot = open_chatbot(data_dir, settings=configuration.settings)
    try:
        chatbot.is_ready()  # opens the index, which the first case's time is not to pay for
        yield EngineTarget(chatbot, configuration=configuration)
    finally:
        chatbot.close()


class AnswersTarget:
    """A JSON Lines file; each line has "id" or "question", and "answer" (the contract) or "text" with "citations".

    Citations are objects or plain sources, as `eval.answers` reads them.

    Raises:
        ConfigurationError: the file cannot be read, or a line is no such object; the message names the line.
    """

    def __init__(self, file: Path, *, corpus: Mapping[str, CorpusDocument]) -> None:
        self.name = file.name
        self._file = file
        self._corpus = corpus
        self._by_id: dict[str, Mapping[str, Any]] = {}
        self._by_question: dict[str, Mapping[str, Any]] = {}
        try:
            content = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"--answers {file} cannot be read: {error}.") from None
        for number, line in enumerate(content.split("\n"), start=1):
            if line.strip():
                self._add(line, f"--answers {file}, line {number}")
        self.configuration: Mapping[str, Any] = {
            "answers": f"sha256:{hashlib.sha256(content.encode()).hexdigest()}",
            "verdicts": "as given; where an answer is plain text, read from its words",
        }

    def ask(self, case: GoldCase) -> Mapping[str, Any]:
        entry = self._by_id.get(case.id) or self._by_question.get(case.question)
        if entry is None:
            raise LookupError(f"{self._file.name} has no answer to this case")
        if "answer" in entry:
            return checked_answer(entry["answer"])
        return answer_from_text(case.question, entry["text"], entry.get("citations") or (), corpus=self._corpus)

    def _add(self, line: str, where: str) -> None:
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise ConfigurationError(f"{where} is not JSON: {error}.") from None
        if not isinstance(entry, dict) or not (isinstance(entry.get("text"), str) or "answer" in entry):
            raise ConfigurationError(f'{where} has neither "answer" nor "text".')
        for key, entries in (("id", self._by_id), ("question", self._by_question)):
            if isinstance(name := entry.get(key), str):
                entries[name] = entry
                return
        raise ConfigurationError(f'{where} has neither "id" nor "question", so it answers nothing.')


def engine_code_hash() -> str:
    """Of the engine's source files and models: two runs of one hash, settings and corpus give one set of answers."""
    import rag

    root = Path(rag.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for kind in ("py", "json", "onnx") for path in root.rglob(f"*.{kind}")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return f"sha256:{digest.hexdigest()}"
