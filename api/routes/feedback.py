"""What a reader thinks of an answer over HTTP in, kept."""

from fastapi import APIRouter, Request

from api.access import TheCaller, corpus_for
from api.feedback import FEEDBACK, FeedbackStore
from api.schemas import EVERYWHERE, FeedbackRequest, FeedbackStored
from rag.corpora import Corpora

router = APIRouter(tags=["Feedback"])


@router.post("/v1/feedback", status_code=201, responses=EVERYWHERE)
def give_feedback(body: FeedbackRequest, request: Request, caller: TheCaller) -> FeedbackStored:
    """Say whether an answer helped; it is kept with the corpus, for those who look after that."""
    corpora: Corpora = request.app.state.corpora
    store = FeedbackStore(corpora.folder(corpus_for(request, caller, body.corpus)) / FEEDBACK)
    feedback_id = store.add(
        body.rating,
        question=body.question,
        comment=body.comment,
        conversation_id=body.conversation_id,
        answer=body.answer,
        owner=caller.owner,
    )
    return FeedbackStored(feedback_id=feedback_id)
