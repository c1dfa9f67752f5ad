"""Every name by which parts of the system find each other: queues, workflow types and ids, signals.

One author per id, and strings only here, so that the inner layers can start what the outer ones define.
"""

import hashlib

# Task queues. The welcome has its own worker, so that nothing else can cost it the 20 seconds.
JOURNEYS = "journeys"  # workflows and short database work
WELCOME = "welcome"  # the Welcome workflow and its one call
WECOM = "wecom"  # the rest of the WeCom API, rate-limited by Temporal
POS = "pos"  # the till

CUSTOMER_LIFECYCLE = "CustomerLifecycle"
GROUP_LIFECYCLE = "GroupLifecycle"
STAFF_TASK = "StaffTask"
WELCOME_WORKFLOW = "Welcome"
TODO = "Todo"
CAMPAIGN = "Campaign"
TILL_FEED = "TillFeed"
TILL_WALK = "TillWalk"
SWEEP = "Sweep"
SWEEP_ID = "sweep"

HAPPENED = "happened"  # signal of CustomerLifecycle: one Event
CHANGED = "changed"  # signal of GroupLifecycle: one GroupChange
COMMAND = "command"  # update of CustomerLifecycle: one Command
WITHDRAW = "withdraw"  # signal of StaffTask: one recipient less
STOP = "stop"  # signal of StaffTask: nothing of it is to be sent any more
ORDER = "order"  # update of Campaign: one CampaignOrder
TAPPED = "tapped"  # signal of Todo: one CardTap
HINTED = "hinted"  # signal of TillFeed: one FeedStart


def customer_id(external_userid: str) -> str:
    return f"customer/{external_userid}"


def group_id(chat_id: str) -> str:
    return f"group/{chat_id}"


def welcome_id(userid: str, external_userid: str, welcome_code: str) -> str:
    """One code, one workflow: the code itself is a one-time secret, so the id carries its hash."""
    digest = hashlib.sha256(welcome_code.encode()).hexdigest()[:12]
    return f"welcome/{userid}/{external_userid}/{digest}"


def staff_task_id(batch_id: int) -> str:
    return f"staff-task/{batch_id}"


def todo_workflow_id(todo_id: str) -> str:
    return f"todo/{todo_id}"


def campaign_id(name: str) -> str:
    return f"campaign/{name}"


def till_feed_id(provider: str) -> str:
    return f"till/{provider}"


def till_walk_id(provider: str, kind: str, day: str) -> str:
    return f"till-walk/{provider}/{kind}/{day}"


def till_backfill_id(provider: str, since: str) -> str:
    return f"till-backfill/{provider}/{since}"


def card_task_id(todo_id: str, attempt: int) -> str:
    """What WeCom calls a card; unique in the app for ever (contract §10.1)."""
    return f"todo_{todo_id}_{attempt}"


def todo_of_card(task_id: str) -> tuple[str, int] | None:
    """The to-do and the attempt of one of our cards; None for another program's."""
    match task_id.split("_"):
        case ["todo", todo_id, attempt] if attempt.isdigit():
            return todo_id, int(attempt)
        case _:
            return None
