"""What Schemathesis draws in, the same out, but that most of it names a corpus that is there.

Schemathesis finds this module through `SCHEMATHESIS_HOOKS`. Without it nearly every request would end at an unknown
corpus; the few that keep a drawn name show what becomes of those.
"""

from typing import Any
from zlib import crc32

import schemathesis
from schemathesis import HookContext

from api.routes.documents import KINDS
from rag.corpora import DEFAULT_CORPUS

for kind in KINDS:  # of files, which are sent as they are
    schemathesis.serializer.alias(kind, "application/octet-stream")


@schemathesis.hook
def map_query(context: HookContext, query: Any) -> Any:
    return _with_a_corpus(query)


@schemathesis.hook
def map_body(context: HookContext, body: Any) -> Any:
    return _with_a_corpus(body)


def _with_a_corpus(values: Any) -> Any:
    if not isinstance(values, dict) or not isinstance(values.get("corpus"), str):
        return values
    kept = crc32(values["corpus"].encode("utf-8", "replace")) % 4 == 0
    return values if kept else {**values, "corpus": DEFAULT_CORPUS}
