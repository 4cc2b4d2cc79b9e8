"""Which corpora there are, and questions to begin with."""

from fastapi import APIRouter, Request

from api.access import TheCaller, corpus_for
from api.examples import examples_of
from api.schemas import EVERYWHERE, CorpusList, CorpusName, Examples
from rag.corpora import Corpora

router = APIRouter(prefix="/v1", tags=["Corpora"], responses=EVERYWHERE)


@router.get("/corpora")
def list_corpora(request: Request, caller: TheCaller) -> CorpusList:
    """List the corpora that you may ask."""
    corpora: Corpora = request.app.state.corpora
    names = [name for name in corpora.names() if caller.may_use(name)]
    return CorpusList(corpora=names, default=caller.default if caller.default in names else None)


@router.get("/examples")
async def list_examples(request: Request, caller: TheCaller, corpus: CorpusName = None) -> Examples:
    """Questions that the corpus answers, made from its documents and tried out; fewer while they are being found."""
    name = corpus_for(request, caller, corpus)
    return Examples(questions=await examples_of(request.app).questions(name))
