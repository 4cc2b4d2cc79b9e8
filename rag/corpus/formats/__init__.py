"""One module a format, each with `read(content: bytes) -> Content`; `rag.corpus.loading` imports those it needs."""
