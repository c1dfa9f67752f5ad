"""Moments (朋友圈): the corp's, which employees publish as a task, and the employees' own (contract §8.3)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simulators import ids
from simulators.clock import CHINA, Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault
from simulators.state.refused import Refused, Unknown

WAITING, RUNNING, DONE = 1, 2, 3  # status of a job
# The job waits for this share of its time, then it runs.
_WAITING_SHARE = 1 / 3


@dataclass
class Reaction:
    """A like, or a comment with its text. `by` is an external_userid or a userid."""

    by: str
    at: datetime
    text: str | None = None


@dataclass
class Publication:
    """One employee's share of a moment."""

    userid: str
    audience: list[str]  # external_userids whom it is meant for
    published_at: datetime | None = None
    seen_by: list[str] = field(default_factory=list)
    likes: list[Reaction] = field(default_factory=list)
    comments: list[Reaction] = field(default_factory=list)


@dataclass
class Moment:
    moment_id: str
    text: str
    attachments: list[dict[str, Any]]
    public: bool  # visible_type 1; else only for a part of the customers
    created_at: datetime  # of a corp's: when its job was done
    parts: dict[str, Publication]  # by userid in lower case
    creator: str | None = None  # None: an app, by the API
    personal: bool = False
    cancelled: bool = False
    deleted: bool = False


@dataclass
class MomentJob:
    """`result` is that of get_moment_task_result, without its status; it is shown when the job is done."""

    jobid: str
    app: int
    created_at: datetime
    result: dict[str, Any]
    moment: Moment | None


class Moments:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._jobs: dict[str, MomentJob] = {}
        self.all: dict[str, Moment] = {}
        self._seen: defaultdict[str, list[datetime]] = defaultdict(list)  # corp moments, by customer

    # ---- jobs

    def check_pace(self) -> None:
        """So many a minute (45009), and so many at once (41078)."""
        now = self._clock()
        recent = [job.created_at for job in reversed(self._jobs.values())][: self._config.moments_per_minute]
        if len(recent) == self._config.moments_per_minute and now - recent[-1] < timedelta(minutes=1):
            raise WeComFault(45009)
        running = sum(self.status(job) != DONE for job in self._jobs.values())
        if running >= self._config.moment_jobs_running:
            raise WeComFault(41078)

    def start(self, app: int, result: dict[str, Any], moment: Moment | None) -> MomentJob:
        job = MomentJob(ids.job_id(), app, self._clock(), result, moment)
        self._jobs[job.jobid] = job
        if moment is not None:
            self.all[moment.moment_id] = moment
        return job

    def job(self, jobid: str, app: int) -> MomentJob:
        """Only the app's own, for 24 hours; [SIM] the errcode."""
        job = self._jobs.get(jobid)
        lifetime = timedelta(hours=self._config.moment_job_hours)
        if job is None or job.app != app or self._clock() - job.created_at > lifetime:
            raise WeComFault(40058, "jobid")
        return job

    def status(self, job: MomentJob) -> int:
        age = (self._clock() - job.created_at).total_seconds()
        if age < self._config.moment_job_seconds * _WAITING_SHARE:
            return WAITING
        return RUNNING if age < self._config.moment_job_seconds else DONE

    def when_done(self) -> datetime:
        """Of a job that starts now."""
        return self._clock() + timedelta(seconds=self._config.moment_job_seconds)

    # ---- moments

    def listed(self) -> list[Moment]:
        """Those that exist by now and were not deleted."""
        return [one for one in self.all.values() if not one.deleted and one.created_at <= self._clock()]

    def require(self, moment_id: str) -> Moment:
        moment = self.all.get(moment_id)
        if moment is None or moment.deleted or moment.created_at > self._clock():
            raise WeComFault(41060)
        if self._clock() - moment.created_at < timedelta(seconds=self._config.moment_dispatch_seconds):
            raise WeComFault(41079)
        return moment

    def require_corps(self, moment_id: str) -> Moment:
        moment = self.require(moment_id)
        if moment.personal:
            raise WeComFault(41067)
        return moment

    def require_part(self, moment_id: str, userid: str) -> Publication:
        part = self.require(moment_id).parts.get(userid.lower())
        if part is None:
            raise WeComFault(41061)
        return part

    def require_published(self, moment_id: str, userid: str) -> Publication:
        part = self.require_part(moment_id, userid)
        if part.published_at is None:
            raise WeComFault(41062)
        return part

    def publish(self, moment: Moment, part: Publication, friends: list[str]) -> list[str]:
        """Returns who sees it: friends of the audience who have not seen too many of the corp's before."""
        now = self._clock()
        part.published_at = now
        for external_userid in part.audience:
            if external_userid not in friends or (not moment.personal and self._sated(external_userid)):
                continue
            part.seen_by.append(external_userid)
            if not moment.personal:
                self._seen[external_userid].append(now)
        return part.seen_by

    def known(self, moment_id: str, userid: str) -> tuple[Moment, Publication]:
        """For the control API: a moment as this employee's client shows it."""
        moment = self.all.get(moment_id)
        if moment is None or moment.deleted or moment.created_at > self._clock():
            raise Unknown("moment", moment_id)
        part = moment.parts.get(userid.lower())
        if part is None:
            raise Refused(f"the moment {moment_id!r} is not for {userid!r}")
        return moment, part

    def _sated(self, external_userid: str) -> bool:
        today = self._clock().astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
        seen = self._seen[external_userid]
        if sum(at >= today for at in seen) >= self._config.moment_cap_per_day:
            return True
        per_month = self._config.moment_cap_per_month
        return per_month is not None and sum(at >= today.replace(day=1) for at in seen) >= per_month
