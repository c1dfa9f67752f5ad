"""WeCom's errcodes: code → kind → what to do. Contract §1.2; official list:
https://developer.work.weixin.qq.com/document/path/90313

The official text of an errmsg is for people only; nothing branches on it (contract §0.2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The classes of contract §1.2; errors.py has one exception class for each."""

    RETRY = "retry"
    TOKEN = "token"  # noqa: S105 - the name of a class, not a secret
    QUOTA = "quota"
    CONC = "conc"
    CONFIG = "config"
    PERM = "perm"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Rule:
    kind: Kind
    action: str
    retry_after: float | None = None  # seconds; None where waiting does not help


UNKNOWN = Rule(Kind.PERM, "unknown errcode: look it up, never loop")

# 40001 means a wrong secret when gettoken says it, a stale token when any other API does (contract §1.2).
WRONG_SECRET = 40001
WRONG_SECRET_RULE = Rule(Kind.CONFIG, "fix corpid and secret; more wrong tries get the IP banned for an hour")

BUG = "a bug on our side: the request is malformed"
FILE = "replace the file"
SCOPE = "widen the app's permission or visible range (应用可见范围) in the admin console"
CONTACT_SCOPE = "add the employee in 客户联系 → 权限配置 → 使用范围"

_GROUPS: tuple[tuple[Iterable[int], Rule], ...] = (
    ((-1,), Rule(Kind.RETRY, "system busy: at most 3 tries", 1)),
    ((6000,), Rule(Kind.RETRY, "several callers changed the same data: at most 3 tries", 2)),
    ((41063,), Rule(Kind.RETRY, "the mass task is still being dispatched", 5)),
    ((41078,), Rule(Kind.RETRY, "too many moment jobs running", 60)),
    ((41079,), Rule(Kind.RETRY, "the moment is still being dispatched", 10)),
    ((41096,), Rule(Kind.RETRY, "another app is sending the welcome: at most 2 tries, then drop", 1)),
    ((40001, 40014, 42001), Rule(Kind.TOKEN, "refresh the token once and replay once")),
    ((45009,), Rule(Kind.QUOTA, "stop this API for the window; a minute's limit blocks for 60 s", 60)),
    ((41094,), Rule(Kind.QUOTA, "3 reminders per 24 h and task are used up", 86_400)),
    ((40126,), Rule(Kind.QUOTA, "corp tag limit: delete unused tags")),
    ((41045,), Rule(Kind.QUOTA, "contact-way limit: delete unused codes")),
    ((41055,), Rule(Kind.QUOTA, "group welcome template limit: reuse or delete")),
    ((41095,), Rule(Kind.QUOTA, "acquisition-link limit: delete unused links")),
    ((45033,), Rule(Kind.CONC, "fewer calls of this API at a time", 2)),
    ((45035,), Rule(Kind.CONC, "one write at a time per employee and customer", 2)),
    # An admin or an employee must do something outside our program.
    ((40013, 40056, 301002), Rule(Kind.CONFIG, "fix corpid and agentid: they must go with the secret")),
    (
        (41057,),
        Rule(Kind.CONFIG, "bind a WeChat developer account (微信开发者ID) of the corp's legal entity"),
    ),
    ((45024,), Rule(Kind.CONFIG, "the corp has no accounts left: raise its limit in the admin console")),
    (
        (48001, 48002),
        Rule(Kind.CONFIG, "list the app in 客户联系 → 可调用接口的应用 and use the app's own secret"),
    ),
    ((48004, 48006), Rule(Kind.CONFIG, "the permission has lapsed: grant it again in the admin console")),
    ((50003,), Rule(Kind.CONFIG, "the app is disabled: enable it in the admin console")),
    ((701008,), Rule(Kind.CONFIG, "a licence that only third-party apps need is missing: use a 自建应用")),
    ((50001, 90200, 90206, 90207, 610017), Rule(Kind.CONFIG, "link the domain or mini-program to the corp")),
    ((50002, 60011, 60021, 60030, 92000), Rule(Kind.CONFIG, SCOPE)),
    ((84074, 84083), Rule(Kind.CONFIG, CONTACT_SCOPE)),
    ((60020,), Rule(Kind.CONFIG, "add this machine's address to 企业可信IP")),
    ((40098,), Rule(Kind.CONFIG, "the employee must do 实名认证 in her WeCom: tell the store")),
    ((40205,), Rule(Kind.CONFIG, "the employee must log in to her WeCom again: tell the store")),
    ((41054,), Rule(Kind.CONFIG, "the employee must log in to WeCom for the first time: tell the store")),
    # Normal outcomes: the world is in another state than the call supposed.
    ((40071,), Rule(Kind.STATE, "the tag exists: read the list and use its id")),
    ((40099, 40100, 40128, 40129, 40143), Rule(Kind.STATE, "the handover cannot happen now")),
    ((41048,), Rule(Kind.STATE, "no customer can be reached: nothing to do")),
    ((41050,), Rule(Kind.STATE, "the welcome code is late or invalid: drop")),
    ((41051,), Rule(Kind.STATE, "already greeted or already chatting: drop")),
    ((41053,), Rule(Kind.STATE, "wait for the event msg_audit_approved")),
    ((41062,), Rule(Kind.STATE, "the employee has not published yet: poll later")),
    ((41093,), Rule(Kind.STATE, "the mass task was cancelled")),
    ((49008,), Rule(Kind.STATE, "the group is dismissed")),
    ((60136,), Rule(Kind.STATE, "the record does not exist")),
    ((84061, 84084), Rule(Kind.STATE, "no relation between this employee and this customer")),
    ((90502, 90503, 90504, 90507, 90508), Rule(Kind.STATE, "the group cannot be handed over now")),
    ((95001, 95002), Rule(Kind.STATE, "outside the 48 h or 5 messages of 微信客服")),
    # This call can never succeed as it is.
    ((40003, 46004, 60111), Rule(Kind.PERM, "no such employee: read the directory again")),
    ((40096, 610004), Rule(Kind.PERM, "no such customer for this app: mark unreachable")),
    ((40007,), Rule(Kind.PERM, "the media id is invalid or over 3 days old: upload again")),
    ((40009, 40011, 40123, 44001, 45001), Rule(Kind.PERM, FILE)),
    ((41072, 41080, 41081, 41082, 41090), Rule(Kind.PERM, FILE)),
    ((830001, 830002, 830003), Rule(Kind.PERM, FILE)),
    ((40068,), Rule(Kind.PERM, "no such tag: read the tags again")),
    ((40201, 40204, 85002), Rule(Kind.PERM, "the content is blocked: change it")),
    ((44004, 45002, 82004), Rule(Kind.PERM, "the text is empty, too long or not allowed")),
    ((40206, 45029), Rule(Kind.PERM, "too much at once: split the call")),
    ((41064, 41065, 41088, 41089), Rule(Kind.PERM, "mend the attachments")),
    (range(41037, 41045), Rule(Kind.PERM, "mend the contact way; at most 100 employees")),
    ((41091,), Rule(Kind.PERM, "a join way takes at most 5 groups")),
    ((41047, 41058, 41060, 41061, 41067), Rule(Kind.PERM, "the id is not one of this app's")),
    ((81013, 82001, 82002, 82003), Rule(Kind.PERM, "mend the recipients")),
    ((81017,), Rule(Kind.PERM, "name the owners")),
    ((50100,), Rule(Kind.PERM, "the cursor is stale: list again from the start")),
    ((48005,), Rule(Kind.PERM, "the API is retired")),
    ((43004, 41056, 40093), Rule(Kind.PERM, "the wrong kind of id or signature for this API")),
    ((40097, 40130, 40131, 90500), Rule(Kind.PERM, "the handover names the wrong people")),
    ((90501, 90509, 90510, 90511), Rule(Kind.PERM, "not one of the corp's customer groups")),
    (
        (93000, 40050, 86008, 86214, 86215, 86216, 86217, 86220),
        Rule(Kind.PERM, "no such staff chat or robot"),
    ),
    ((610014,), Rule(Kind.PERM, "the unionid is not valid for this corp")),
    ((*range(41068, 41072), 41076, 41077, 41083, 41084), Rule(Kind.PERM, "mend the intercept rule")),
    ((40008, 40031, 40035, 40058, 40063, 40066), Rule(Kind.PERM, BUG)),
    ((41001, 41002, 41004, 41009, 41011, 41035, 41046, 41049, 41059), Rule(Kind.PERM, BUG)),
)

ERRCODES: dict[int, Rule] = {code: rule for codes, rule in _GROUPS for code in codes}


def rule_for(errcode: int, api: str) -> Rule:
    if errcode == WRONG_SECRET and api == "gettoken":
        return WRONG_SECRET_RULE
    return ERRCODES.get(errcode, UNKNOWN)
