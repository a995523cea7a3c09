"""X on loopback, with its jobs of compliance: which of the posts that somebody stores are gone.

As https://docs.x.com/x-api/compliance/batch-compliance/integrate has them. Imports no connector.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.testing.x_server import problem
from bot.testing.x_streams import XStreams

_JOBS = "/2/compliance/jobs"


@dataclass(kw_only=True)
class Job:
    """`ids`: what was uploaded; `looks`: so often its state is asked for before it is complete."""

    id: str
    name: str
    type: str = "tweets"
    status: str = "created"
    ids: list[str] = field(default_factory=list)
    looks: int = 1


class XJobs(XStreams):
    """`compliance`: post id → action and reason, besides what the world has no more. `is_enrolled`:
    the app is let in; `looks`: so often a job is looked at before it `ends_as` that.
    """

    def __init__(self, now: Any = None) -> None:
        super().__init__(now)
        self.jobs: dict[str, Job] = {}
        self.compliance: dict[str, tuple[str, str]] = {}
        self.looks = 1
        self.is_enrolled = True
        self.ends_as = "complete"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(_JOBS, self._make_job),
            web.get(_JOBS, self._list_jobs),
            web.get(_JOBS + "/{id}", self._look_at_job),
            web.delete(_JOBS + "/{id}", self._cancel_job),
            web.put("/compliance/upload/{id}", self._upload),
            web.get("/compliance/download/{id}", self._download),
            *super().routes(),
        ]

    def job(self, name: str, status: str = "created") -> Job:
        made = Job(id=str(9_000 + len(self.jobs)), name=name, status=status, looks=self.looks)
        self.jobs[made.id] = made
        return made

    def _shown(self, job: Job) -> dict[str, Any]:
        return {
            "id": job.id,
            "type": job.type,
            "name": job.name,
            "status": job.status,
            "created_at": self.now().isoformat(),
            "upload_url": f"{self.url}/compliance/upload/{job.id}?token=secret",
            "download_url": f"{self.url}/compliance/download/{job.id}?token=secret",
        }

    async def _make_job(self, request: web.Request) -> web.Response:
        if not self._is_app(request):
            return problem(401, "Unauthorized")
        if not self.is_enrolled:
            return problem(403, "Forbidden")
        given = await request.json()
        if any(one.status in {"created", "in_progress"} for one in self.jobs.values()):
            return problem(409, "Conflict")
        return web.json_response({"data": self._shown(self.job(given["name"]))})

    async def _list_jobs(self, request: web.Request) -> web.Response:
        if not self._is_app(request) or request.query["type"] != "tweets":
            return problem(401, "Unauthorized")
        shown = [self._shown(one) for one in self.jobs.values()]
        return web.json_response({**({"data": shown} if shown else {}), "meta": {"result_count": len(shown)}})

    async def _look_at_job(self, request: web.Request) -> web.Response:
        job = self.jobs.get(request.match_info["id"])
        if not self._is_app(request):
            return problem(401, "Unauthorized")
        if job is None:
            return problem(404, "Not Found")
        if job.status == "in_progress":
            job.looks -= 1
            job.status = job.status if job.looks > 0 else self.ends_as
        return web.json_response({"data": self._shown(job)})

    async def _cancel_job(self, request: web.Request) -> web.Response:
        self.jobs[request.match_info["id"]].status = "expired"
        return web.json_response({"data": {"cancelled": True}})

    async def _upload(self, request: web.Request) -> web.Response:
        if not self._is_app(request) or request.query["token"] != "secret":  # noqa: S105 - of nobody
            return problem(403, "Forbidden")
        job = self.jobs[request.match_info["id"]]
        job.ids = (await request.text()).split("\n")[:-1]
        job.status = "in_progress"
        return web.json_response({"data": self._shown(job)})

    async def _download(self, request: web.Request) -> web.Response:
        if not self._is_app(request):
            return problem(401, "Unauthorized")
        lines = [line for one in self.jobs[request.match_info["id"]].ids if (line := self._line_of(one))]
        return web.Response(text="".join(f"{json.dumps(one)}\n" for one in lines))

    def _line_of(self, post_id: str) -> dict[str, Any] | None:
        if not post_id.isdigit():
            return {"id": post_id, "error": "invalid_id"}
        gone = None if post_id in self.world.tweets else ("delete", "deleted")
        told = self.compliance.get(post_id, gone)
        if told is None:
            return None
        at = self.now().isoformat()
        return {"id": post_id, "action": told[0], "reason": told[1], "redacted_at": at, "deleted_at": at}
