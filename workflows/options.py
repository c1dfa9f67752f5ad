"""Every timeout and retry of every activity, with its reason. Nothing else in workflows/ names a duration."""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

from domain import addresses

ADMIN_TIME = timedelta(hours=1)  # what WeCom refuses until an admin acts is asked again this much later
ADMIN_TRIES = 48
RETRY_LATER = timedelta(minutes=2)  # an outage that outlasts an activity: her events are heard meanwhile
SHORTEST_WAIT = timedelta(milliseconds=1)  # zero would mean no timer, and another command sequence
RENEW_AFTER_EVENTS = 2_000  # continue as new long before the server's 51,200; replay stays short


def database(summary: str) -> LocalActivityConfig:
    """Short work in PostgreSQL: local, because a hop through the server costs more than the work."""
    return LocalActivityConfig(
        summary=summary,
        start_to_close_timeout=timedelta(seconds=10),
        schedule_to_close_timeout=timedelta(seconds=45),  # the loop must hear events within a minute
        retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=_SECONDS_5),
    )


def greeting(summary: str) -> ActivityConfig:
    """4 s of lookups and 3 s of sending fit twice into the 20 seconds, with a killed worker in between."""
    return ActivityConfig(
        summary=summary,
        task_queue=addresses.WELCOME,
        start_to_close_timeout=timedelta(seconds=8),
        heartbeat_timeout=timedelta(milliseconds=2500),  # so soon is a killed worker noticed
        schedule_to_close_timeout=timedelta(seconds=60),  # past the 20 s only to learn the outcome
        retry_policy=RetryPolicy(
            initial_interval=timedelta(milliseconds=500),
            backoff_coefficient=1.5,
            maximum_interval=timedelta(seconds=3),
        ),
    )


def last_word(summary: str) -> ActivityConfig:
    """Settling a greeting that had no answer: database work on the welcome's own worker, until it is done."""
    return ActivityConfig(
        summary=summary,
        task_queue=addresses.WELCOME,
        start_to_close_timeout=timedelta(seconds=10),
        retry_policy=RetryPolicy(
            initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)
        ),
    )


def wecom(summary: str) -> ActivityConfig:
    """One call to WeCom, idempotent or claimed; the queue's rate limit is WeCom's."""
    return ActivityConfig(
        summary=summary,
        task_queue=addresses.WECOM,
        start_to_close_timeout=timedelta(seconds=15),
        schedule_to_close_timeout=timedelta(seconds=50),  # then it is put off, and the loop goes on
        retry_policy=RetryPolicy(
            initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10)
        ),
    )


def patient_wecom(summary: str) -> ActivityConfig:
    """The same for a StaffTask, which has nobody waiting: an outage of WeCom may last."""
    return ActivityConfig(
        summary=summary,
        task_queue=addresses.WECOM,
        start_to_close_timeout=timedelta(seconds=60),
        schedule_to_close_timeout=timedelta(hours=6),  # later than this the message is stale
        retry_policy=RetryPolicy(
            initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)
        ),
    )


def group_read(summary: str) -> ActivityConfig:
    """Joins are waited for: a killed worker is noticed by its heartbeat, not after a minute."""
    config = patient_wecom(summary)
    config["heartbeat_timeout"] = timedelta(seconds=10)
    return config


def creating(summary: str, until: datetime) -> ActivityConfig:
    """A task is of use only until it expires; an outage may last until then."""
    config = patient_wecom(summary)
    config["schedule_to_close_timeout"] = max(until - workflow.now(), _SECONDS_1)
    return config


def until_done(summary: str) -> ActivityConfig:
    """Stopping a message must not be given up: an outage of WeCom may last as long as it likes."""
    config = patient_wecom(summary)
    del config["schedule_to_close_timeout"]
    return config


def polling(summary: str, every: timedelta, until: datetime) -> ActivityConfig:
    """A retrying activity instead of a loop: polling costs no history."""
    return ActivityConfig(
        summary=summary,
        task_queue=addresses.WECOM,
        start_to_close_timeout=timedelta(seconds=60),
        schedule_to_close_timeout=max(until - workflow.now(), timedelta(seconds=1)),
        retry_policy=RetryPolicy(initial_interval=every, backoff_coefficient=1.0),
    )


def tagging(summary: str, until: datetime | None = None) -> ActivityConfig:
    """One call per customer, some thousands: a lost worker is noticed by its heartbeat."""
    config = creating(summary, until) if until else until_done(summary)
    config["start_to_close_timeout"] = timedelta(hours=2)
    config["heartbeat_timeout"] = timedelta(minutes=2)
    return config


def till(summary: str) -> ActivityConfig:
    """One call to the till."""
    return ActivityConfig(
        summary=summary,
        task_queue=addresses.POS,
        start_to_close_timeout=timedelta(seconds=15),
        schedule_to_close_timeout=timedelta(seconds=50),  # then it is put off, and the loop goes on
        retry_policy=RetryPolicy(
            initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10)
        ),
    )


def walking(summary: str) -> ActivityConfig:
    """Hundreds of pages of the till, resumable at any; a lost worker is noticed by its heartbeat."""
    return ActivityConfig(
        summary=summary,
        task_queue=addresses.POS,
        start_to_close_timeout=timedelta(hours=1),
        heartbeat_timeout=timedelta(minutes=2),  # a page may take many calls to the provider
        schedule_to_close_timeout=timedelta(hours=12),  # an outage of a day: the next night has it all again
        retry_policy=RetryPolicy(
            initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=5)
        ),
    )


def till_feed(summary: str) -> ActivityConfig:
    """A batch of calls to the till, each settled by itself: only PostgreSQL can make it fail."""
    return ActivityConfig(
        summary=summary,
        task_queue=addresses.POS,
        start_to_close_timeout=timedelta(seconds=60),
        retry_policy=RetryPolicy(
            initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)
        ),
    )


def patient_database(summary: str) -> ActivityConfig:
    """Database work of a workflow without an audience: as long as it takes."""
    return ActivityConfig(
        summary=summary,
        task_queue=addresses.JOURNEYS,
        start_to_close_timeout=timedelta(seconds=60),
        retry_policy=RetryPolicy(
            initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)
        ),
    )


def of_many(summary: str) -> ActivityConfig:
    """A campaign's work on a million rows, resumable at any of them; a lost worker is noticed at once.

    Looking after its messages is a retrying activity, too: waiting costs no history.
    """
    return ActivityConfig(
        summary=summary,
        task_queue=addresses.WECOM,
        start_to_close_timeout=timedelta(hours=1),
        heartbeat_timeout=timedelta(seconds=30),
        retry_policy=RetryPolicy(
            initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)
        ),
    )


def sweeping(summary: str) -> ActivityConfig:
    """A sweep may find much; a lost worker is noticed by its heartbeat."""
    return ActivityConfig(
        summary=summary,
        task_queue=addresses.WECOM,
        start_to_close_timeout=timedelta(minutes=10),
        heartbeat_timeout=timedelta(minutes=1),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3),
    )


_SECONDS_1 = timedelta(seconds=1)
_SECONDS_5 = timedelta(seconds=5)
