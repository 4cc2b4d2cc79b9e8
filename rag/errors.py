"""The error tree: everything Attest raises on purpose, with a message that names the value and the next step.

AttestError
├── ConfigurationError   settings or arguments that cannot work (exit 2, HTTP 500)
├── QuestionError        a question that cannot be asked (exit 2, HTTP 422)
├── DocumentError        one file that cannot be read; the rest of a sync goes on
├── ModelError           a language model gave no usable completion
└── StoreError           the stored index cannot be used as it is
    ├── IndexMismatchError   made with another embedding model or schema
    └── IndexBusyError       another process is writing
"""


class AttestError(Exception):
    """Any failure whose message is meant for the person who caused or can mend it."""


class ConfigurationError(AttestError):
    """A setting, an argument or an installed file is unusable."""


class QuestionError(AttestError):
    """The question or one of its filters is not acceptable."""


class DocumentError(AttestError):
    """A file cannot become a document. The message is one line and does not repeat the path."""


class ModelError(AttestError):
    """A language model refused, failed, took too long or answered in another form than asked."""


class StoreError(AttestError):
    """The stored index cannot be used as it is."""


class IndexMismatchError(StoreError):
    """The index was made with another embedding model or schema than this process uses."""


class IndexBusyError(StoreError):
    """Another process holds the writer's lock."""
