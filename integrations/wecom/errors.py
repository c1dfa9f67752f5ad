"""What can go wrong in a call to WeCom, chosen by errcode alone. Table code → class → action: errcodes.py.

WeComError              api, errcode, errmsg, hint, from_ip, action, alarm, retry_after (seconds or None)
├── Unreachable         no usable answer; maybe_done says whether it may have happened all the same
├── Transient           RETRY   the same call may succeed after retry_after seconds
├── TokenRejected       TOKEN   also after one refresh and one replay: give up
├── QuotaExceeded       QUOTA   retry_after seconds; None = a hard limit that waiting does not lift
├── TooConcurrent       CONC    fewer at a time, again after retry_after seconds
├── Misconfigured       CONFIG  an admin or an employee must act first
├── Refused             PERM    this call can never succeed
└── BusinessState       STATE   a normal outcome, e.g. 41051: already greeted

InvalidMessage          a ValueError: found before any call, names the field and the remedy
"""

from __future__ import annotations

import re

from domain.errors import Explained
from integrations.wecom.errcodes import UNKNOWN, Kind, Rule, rule_for

_HINT = re.compile(r"hint: \[([0-9A-Za-z_]+)\]")
_FROM_IP = re.compile(r"from ip: ([0-9a-fA-F.:]+)")
_MAX_ERRMSG_CHARS = 200  # an errmsg may echo a request; an exception text is not the place for all of it


class WeComError(Explained):
    """`hint` is what WeCom's support asks for, `from_ip` is how WeCom saw us (contract §0.2).

    `alarm` asks for a person's attention.
    """

    def __init__(self, api: str, errcode: int | None, errmsg: str = "", *, rule: Rule | None = None) -> None:
        self.api = api
        self.errcode = errcode
        self.errmsg = errmsg.split(", hint:")[0][:_MAX_ERRMSG_CHARS]
        found = _HINT.search(errmsg)
        self.hint = found[1] if found else None
        seen = _FROM_IP.search(errmsg)
        self.from_ip = seen[1] if seen else None
        self.action = rule.action if rule else ""
        self.retry_after = rule.retry_after if rule else None
        self.alarm = rule is UNKNOWN or (rule is not None and rule.kind is Kind.CONFIG)
        super().__init__(self._text())

    def _text(self) -> str:
        parts = (
            f"{self.api}: {self.errcode}" if self.errcode is not None else self.api,
            self.errmsg,
            self.action,
        )
        return " | ".join(part for part in parts if part) + (f" [hint {self.hint}]" if self.hint else "")


class Unreachable(WeComError):
    """`maybe_done`: False when the request certainly never reached WeCom."""

    def __init__(self, api: str, reason: str, *, maybe_done: bool) -> None:
        super().__init__(api, None, reason)
        self.maybe_done = maybe_done


class Transient(WeComError):
    """Always has a retry_after."""


class TokenRejected(WeComError):
    """A caller sees it only after the refresh and the replay: permanent (contract §1.1)."""


class QuotaExceeded(WeComError):
    """Without retry_after it is a hard limit (too many tags, too many codes): somebody must clean up."""


class TooConcurrent(WeComError):
    """Always has a retry_after."""


class Misconfigured(WeComError):
    """Some hold for the whole app (48002, 60020), some for one employee (40098, 40205, 41054)."""


class Refused(WeComError):
    """`errcode` is None when the refusal was plain HTTP, e.g. 404 for an API that does not exist."""


class BusinessState(WeComError):
    """Not a fault: the caller branches on errcode."""


class InvalidMessage(ValueError):
    """WeCom would refuse or cut this, so it is not sent. `field` is the path of the offending value."""

    def __init__(self, field: str, remedy: str) -> None:
        super().__init__(f"{field}: {remedy}")
        self.field = field
        self.remedy = remedy


_CLASSES: dict[Kind, type[WeComError]] = {
    Kind.RETRY: Transient,
    Kind.TOKEN: TokenRejected,
    Kind.QUOTA: QuotaExceeded,
    Kind.CONC: TooConcurrent,
    Kind.CONFIG: Misconfigured,
    Kind.PERM: Refused,
    Kind.STATE: BusinessState,
}


def error_for(errcode: int, errmsg: str, api: str) -> WeComError:
    """The exception for a non-zero errcode; an unknown code is Refused with `alarm` set."""
    rule = rule_for(errcode, api)
    return _CLASSES[rule.kind](api, errcode, errmsg, rule=rule)
