"""Attest over HTTP: on top of `rag`, never beside or below it."""
