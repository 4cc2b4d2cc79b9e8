"""The error tree: everything Attest raises on purpose, with a message that names the value and the next step.

AttestError
├── ConfigurationError   settings or arguments that cannot work (exit 2, HTTP 500)
├── QuestionError        a question that cannot be asked (exit 2, HTTP 422)
│   ├── ConversationNotFoundError   no conversation of that id is the asker's (HTTP 404)
│   └── CorpusNotFoundError         no corpus of that name is the asker's (HTTP 404)
├── DocumentError        one file that cannot be read; the rest of a sync goes on
├── ModelError           a model behind the network gave nothing usable; `reason` says why in one word
│   ├── ModelUnavailableError    unavailable    not to be reached, or failing (5xx)
│   ├── ModelTimeoutError        timeout        past a deadline
│   ├── ModelCutError            cut            the connection closed before the end
│   ├── ModelRateLimitError      rate_limited   asked too often (429)
│   ├── ModelQuotaError          out_of_quota   nothing left to spend (429)
│   ├── ModelUnauthorisedError   unauthorised   the key does not open it (401, 403)
│   ├── ModelNotFoundError       not_found      no model of that name, or nothing at that path (404)
│   ├── ModelRejectedError       rejected       the request is not acceptable to it (other 4xx)
│   ├── ModelRefusedError        refused        it would not answer, or a filter stopped it
│   ├── ModelGarbageError        garbage        what came back is not what was asked for
│   └── ModelCircuitOpenError    circuit_open   left alone for a while after failing in a row
└── StoreError           the stored index cannot be used as it is
    ├── IndexMismatchError   made with another embedding model or schema
    └── IndexBusyError       another process is writing
"""

from typing import ClassVar

from rag.types import ModelFault


class AttestError(Exception):
    """Any failure whose message is meant for the person who caused or can mend it."""


class ConfigurationError(AttestError):
    """A setting, an argument or an installed file is unusable."""


class QuestionError(AttestError):
    """The question or one of its filters is not acceptable."""


class ConversationNotFoundError(QuestionError):
    """No conversation of that id is kept, or it is another's."""


class CorpusNotFoundError(QuestionError):
    """No corpus of that name is kept, or it is not the asker's to use."""


class DocumentError(AttestError):
    """A file cannot become a document. The message is one line and does not repeat the path.

    Its content is to blame, so that reading the same again would fail again, unless it `may_pass`.
    """

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass


class ModelError(AttestError):
    """A language model refused, failed, took too long or answered in another form than asked.

    `reason` is for programs and for the label of a degraded answer. `retry_after_seconds` is how long the service, or
    the circuit breaker before it, asks to be left alone; None where nothing is said. The message never holds a key.
    """

    reason: ClassVar[ModelFault] = "failed"

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ModelUnavailableError(ModelError):
    """It cannot be reached, or fails on its side."""

    reason = "unavailable"


class ModelTimeoutError(ModelError):
    """It did not connect, begin, go on or end within the deadline for that."""

    reason = "timeout"


class ModelCutError(ModelError):
    """The connection closed before the answer's end."""

    reason = "cut"


class ModelRateLimitError(ModelError):
    """It is asked too often."""

    reason = "rate_limited"


class ModelQuotaError(ModelError):
    """The account has nothing left to spend: waiting does not help."""

    reason = "out_of_quota"


class ModelUnauthorisedError(ModelError):
    """The key is missing, wrong or not allowed to use the model."""

    reason = "unauthorised"


class ModelNotFoundError(ModelError):
    """No model of that name, or no such service at the address."""

    reason = "not_found"


class ModelRejectedError(ModelError):
    """The request is not acceptable: too long for the model, say."""

    reason = "rejected"


class ModelRefusedError(ModelError):
    """The model would not answer, or a filter in front of it stopped the answer."""

    reason = "refused"


class ModelGarbageError(ModelError):
    """What came back is not of the form asked for."""

    reason = "garbage"


class ModelCircuitOpenError(ModelError):
    """Not asked at all, because the last calls failed in a row."""

    reason = "circuit_open"


class StoreError(AttestError):
    """The stored index cannot be used as it is."""


class IndexMismatchError(StoreError):
    """The index was made with another embedding model or schema than this process uses."""


class IndexBusyError(StoreError):
    """Another process holds the writer's lock."""
