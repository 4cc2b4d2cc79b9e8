"""A job's id over HTTP in, how far it is out."""

from fastapi import APIRouter, Request

from api.access import TheCaller
from api.errors import ApiError
from api.job_store import Job
from api.jobs import Jobs
from api.schemas import EVERYWHERE

router = APIRouter(tags=["Documents"])


@router.get("/v1/jobs/{job_id}", responses=EVERYWHERE)
def read_job(job_id: str, request: Request, caller: TheCaller) -> Job:
    """See how far a change of documents is; poll it until its status is `done` or `failed`."""
    jobs: Jobs = request.app.state.jobs
    job = jobs.get(job_id)
    if job is None or not caller.may_use(job.corpus):
        raise ApiError(404, "not_found", f"there is no job {job_id[:40]!r}")
    return job
