"""Messages or texts in, completions or vectors of a model behind the OpenAI API out: the room that knows the vendor.

Every call has deadlines, is tried again only where that can help, and fails as one `ModelError`. Neither that nor
anything logged here holds the key.
"""

from rag.openai_models.breaker import CircuitBreaker
from rag.openai_models.chat import OpenAIChatModel
from rag.openai_models.embedding import OpenAIEmbedder
from rag.openai_models.service import Deadlines

__all__ = ["CircuitBreaker", "Deadlines", "OpenAIChatModel", "OpenAIEmbedder"]
