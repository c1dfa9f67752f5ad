"""Where a customer stands."""

from enum import StrEnum


class Stage(StrEnum):
    """Every customer is in exactly one, with a dated reason."""

    NEW = "new"  # known, not yet greeted
    WELCOMED = "welcomed"  # greeted, and invited if a group was found for her
    JOINED = "joined"  # in a store's group
    REGULAR = "regular"  # has bought since she came
    DORMANT = "dormant"  # drifted away; reactivation runs or has run
    BACK = "back"  # won back
    LOST = "lost"  # no employee and no group left to reach her
    OPTED_OUT = "opted_out"  # no more messages that a playbook plans
    ENDED = "ended"  # her journeys ended, by their own `exit` or by an operator
