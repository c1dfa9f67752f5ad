"""media/upload_by_url (contract §11.2): jobs that fetch a file from an address.

[SIM] Nothing is fetched from any network. `/_control/web_files` puts a file at an address of this world; an
address where nothing was put fails as a download does.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators import ids
from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault
from simulators.state import formats
from simulators.state.media import Media, MediaType

RUNNING, DONE, FAILED = 1, 2, 3
BAD_URL, TOO_LARGE, NOT_DOWNLOADED = 830001, 830002, 830003


@dataclass
class WebFile:
    content: bytes
    ranges: bool = True  # the address answers Range requests, which WeCom needs


@dataclass
class UploadJob:
    jobid: str
    type: MediaType
    filename: str
    url: str
    md5: str
    app: int
    created_at: datetime
    status: int = RUNNING
    errcode: int = 0
    media_id: str = ""
    finished_at: datetime | None = None


class UploadJobs:
    def __init__(self, config: SimulatorConfig, clock: Clock, media: Media) -> None:
        self._config = config
        self._clock = clock
        self._media = media
        self._running: list[UploadJob] = []
        self.all: dict[str, UploadJob] = {}
        self.web: dict[str, WebFile] = {}

    def start(self, type_: MediaType, filename: str, url: str, md5: str, app: int) -> UploadJob:
        job = UploadJob(ids.job_id(), type_, filename, url, md5.lower(), app, self._clock())
        self.all[job.jobid] = job
        self._running.append(job)
        return job

    def require(self, jobid: str) -> UploadJob:
        """[SIM] the errcode of an unknown job."""
        if jobid not in self.all:
            raise WeComFault(40058, "jobid")
        return self.all[jobid]

    def finish_due(self) -> list[UploadJob]:
        """Those whose time has come, now done or failed."""
        before = self._clock() - timedelta(seconds=self._config.url_job_seconds)
        due = [job for job in self._running if job.created_at <= before]
        for job in due:
            self._running.remove(job)
            self._finish(job)
        return due

    def _finish(self, job: UploadJob) -> None:
        job.finished_at = self._clock()
        job.errcode = self._problem(job)
        if job.errcode:
            job.status = FAILED
            return
        content = self.web[job.url].content
        kept = self._media.keep(job.type, job.filename, content, "application/octet-stream", "group_welcome")
        job.status, job.media_id = DONE, kept.media_id

    def _problem(self, job: UploadJob) -> int:
        """[SIM] WeCom names the errcodes, not which of them a wrong md5 or format gets."""
        file = self.web.get(job.url)
        if file is None:
            return NOT_DOWNLOADED
        if not file.ranges or len(file.content) > self._config.url_file_bytes:
            return TOO_LARGE
        if hashlib.md5(file.content, usedforsecurity=False).hexdigest() != job.md5:
            return NOT_DOWNLOADED
        return 40005 if job.type == "video" and not formats.is_mp4(file.content) else 0
