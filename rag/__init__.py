"""Attest's engine: `open_chatbot()` gives a `Chatbot`, whose `ask` gives an `Answer`.

Names are imported on first use, so that `import rag` and light commands stay free of Chroma and onnxruntime.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.bootstrap import open_chatbot as open_chatbot
    from rag.chatbot import Chatbot as Chatbot
    from rag.types import Answer as Answer

__all__ = ["Answer", "Chatbot", "open_chatbot"]


def __getattr__(name: str) -> object:
    match name:
        case "open_chatbot":
            from rag.bootstrap import open_chatbot

            return open_chatbot
        case "Chatbot":
            from rag.chatbot import Chatbot

            return Chatbot
        case "Answer":
            from rag.types import Answer

            return Answer
    raise AttributeError(f"module 'rag' has no attribute {name!r}")
