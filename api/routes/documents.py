"""Documents over HTTP: listed, read, and, where they were uploaded, replaced and deleted; changes are jobs."""

from mimetypes import guess_type
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool

from api.access import TheCaller, chatbot_for, corpus_for, require_writing
from api.errors import ApiError, documented
from api.job_store import Job
from api.jobs import Jobs
from api.schemas import EVERYWHERE, CorpusName, DocumentList, DocumentListed, DocumentShown
from api.uploads import document_id_of, safe_name, uploads_folder
from rag.chatbot import Chatbot
from rag.corpora import Corpora
from rag.corpus.loading import READERS
from rag.errors import QuestionError
from rag.types import Document, DocumentInfo

router = APIRouter(prefix="/v1/documents", tags=["Documents"], responses=EVERYWHERE)

MOST_LISTED = 500
KINDS = sorted({kind for suffix in READERS if (kind := guess_type(f"a{suffix}")[0])})
"""The media types of the files that can be sent."""

_CHANGES = documented(409, 415)

_Source = Annotated[str | None, Query(max_length=1000, description="Only documents whose source matches this glob.")]
_After = Annotated[str | None, Query(max_length=64, description="The `next` of the list before.")]
_Limit = Annotated[int, Query(ge=1, le=MOST_LISTED, description="How many at most.")]
_Version = Annotated[str | None, Query(max_length=100, description="As a citation has it; by default the one held.")]


def _named(field: str) -> dict[str, Any]:
    """How OpenAPI says that files in this field of a form need a name, whose ending tells their kind."""
    name = {"schema": {"type": "string"}, "example": f'form-data; name="{field}"; filename="note.txt"'}
    encoding = {field: {"contentType": ", ".join(KINDS), "headers": {"Content-Disposition": name}}}
    return {"requestBody": {"content": {"multipart/form-data": {"encoding": encoding}}}}


@router.get("")
def list_documents(
    request: Request,
    caller: TheCaller,
    corpus: CorpusName = None,
    source: _Source = None,
    after: _After = None,
    limit: _Limit = 100,
) -> DocumentList:
    """List what can be asked about, by source."""
    chatbot, uploads = _opened(request, caller, corpus)
    if after is not None and chatbot.document(after) is None:
        raise ApiError(404, "not_found", "the document that `after` names is not there any more; list from the start")
    found = chatbot.documents(source=source, after=after, limit=limit + 1)
    listed = [_listed(one.info, one.characters, uploads) for one in found[:limit]]
    return DocumentList(documents=listed, next=listed[-1].document_id if len(found) > limit else None)


@router.get("/{document_id}")
def read_document(
    document_id: str, request: Request, caller: TheCaller, version: _Version = None, corpus: CorpusName = None
) -> DocumentShown:
    """Read a document's text, which citations are spans of; earlier versions are kept for a while."""
    chatbot, uploads = _opened(request, caller, corpus)
    held = chatbot.document(document_id)
    document = held if version is None else chatbot.document(document_id, version)
    if document is None:
        other = f"; the one held is {held.info.version}" if held else ""
        raise ApiError(404, "not_found", f"that document or version is not held, or not any more{other}")
    listed = _listed(document.info, len(document.text), uploads)
    return DocumentShown(
        **listed.model_dump(),
        current=held is not None and held.info.version == document.info.version,
        text=document.text,
        places=document.places,
    )


@router.post("", status_code=202, responses=_CHANGES, openapi_extra=_named("files"))
async def upload_documents(
    request: Request,
    response: Response,
    caller: TheCaller,
    files: Annotated[
        list[UploadFile],
        File(min_length=1, description="Of the kinds that `attest ingest` reads."),
    ],
    corpus: CorpusName = None,
) -> Job:
    """Add documents. They are indexed beside what is being served, and can be asked about once the job is done."""
    require_writing(caller)
    name = corpus_for(request, caller, corpus)
    uploads = _uploads(request, name)
    sent = {safe_name(file.filename): file.file for file in files}
    if len(sent) < len(files):
        raise QuestionError("two of the files have the same name; rename one")
    for source in sent:
        if (uploads / source).exists():
            there = document_id_of(source, uploads)
            raise ApiError(409, "conflict", f"{source!r} is uploaded already; replace it: PUT /v1/documents/{there}")
    jobs: Jobs = request.app.state.jobs
    most = request.app.state.settings.max_upload_bytes
    return _accepted(await jobs.submit("upload", sent, corpus=name, files=sent, most_bytes=most), response)


@router.put("/{document_id}", status_code=202, responses=_CHANGES, openapi_extra=_named("file"))
async def replace_document(
    document_id: str,
    request: Request,
    response: Response,
    caller: TheCaller,
    file: Annotated[UploadFile, File(description="Of the same kind as the one it replaces, whose name it takes.")],
    corpus: CorpusName = None,
) -> Job:
    """Replace an uploaded document; until the job is done the old one answers."""
    require_writing(caller)
    name = corpus_for(request, caller, corpus)
    source = await run_in_threadpool(_uploaded, request, caller, name, document_id)  # it may open an index
    if Path(safe_name(file.filename)).suffix.lower() != Path(source).suffix.lower():
        raise ApiError(
            415, "unsupported_media_type", f"{source!r} can be replaced by a {Path(source).suffix} file only"
        )
    jobs: Jobs = request.app.state.jobs
    most = request.app.state.settings.max_upload_bytes
    job = await jobs.submit("replace", [source], corpus=name, files={source: file.file}, most_bytes=most)
    return _accepted(job, response)


@router.delete("/{document_id}", status_code=202, responses=documented(409))
async def delete_document(
    document_id: str, request: Request, response: Response, caller: TheCaller, corpus: CorpusName = None
) -> Job:
    """Delete an uploaded document; once the job is done nothing of it can be found."""
    require_writing(caller)
    name = corpus_for(request, caller, corpus)
    source = await run_in_threadpool(_uploaded, request, caller, name, document_id)  # it may open an index
    jobs: Jobs = request.app.state.jobs
    return _accepted(await jobs.submit("delete", [source], corpus=name), response)


def _uploads(request: Request, corpus: str) -> Path:
    corpora: Corpora = request.app.state.corpora
    return uploads_folder(corpora.folder(corpus))


def _opened(request: Request, caller: TheCaller, corpus: str | None) -> tuple[Chatbot, Path]:
    name = corpus_for(request, caller, corpus)
    return chatbot_for(request, caller, name), _uploads(request, name)


def _document(chatbot: Chatbot, document_id: str) -> Document:
    document = chatbot.document(document_id)
    if document is None:
        raise ApiError(404, "not_found", f"there is no document {document_id[:40]!r}")
    return document


def _uploaded(request: Request, caller: TheCaller, corpus: str, document_id: str) -> str:
    """The source of a document that may be changed here."""
    chatbot, uploads = _opened(request, caller, corpus)
    info = _document(chatbot, document_id).info
    if document_id_of(info.source, uploads) != document_id:
        raise ApiError(
            409, "conflict", f"{info.source!r} was not uploaded: `attest ingest` read it from a folder; change it there"
        )
    return info.source


def _listed(info: DocumentInfo, characters: int, uploads: Path) -> DocumentListed:
    return DocumentListed(
        document_id=info.document_id,
        source=info.source,
        title=info.title,
        publisher=info.publisher,
        published=info.published,
        authors=info.authors,
        language=info.language,
        version=info.version,
        characters=characters,
        uploaded=document_id_of(info.source, uploads) == info.document_id,
    )


def _accepted(job: Job, response: Response) -> Job:
    response.headers["Location"] = f"/v1/jobs/{job.job_id}"
    return job
