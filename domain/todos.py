"""To-dos of employees (待办): what only a person can do in the WeCom client, said in one card. Pure."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import Field

from domain.shape import Shape
from domain.touches import Channel

DONE, LATER = "done", "later"
# WeCom drops an employee's 31st message of a minute and 1001st of an hour in silence (contract §10.1). The
# rest is left to other messages of the app.
PER_MINUTE, PER_HOUR = 25, 900
DUPLICATES_FOR = timedelta(hours=4)  # the most that WeCom offers: a repeated request is dropped that long
LAPSES_AFTER = timedelta(hours=48)  # a card can be updated for 72 h; one untouched for two days is not read
SNOOZE = timedelta(days=1)
TITLE_CHARS, TEXT_CHARS = 26, 112  # of a card
LINE_CHARS = 26  # of a line on a card
NAME_CHARS = 12  # of a name inside a title or a text: longer ones are cut, so that the rest stays readable
MOST_CARDS = 7  # after a week of "tomorrow" it has been read often enough


class TodoKind(StrEnum):
    """What has no API, so that an employee must do it (contract §7, §10.3)."""

    GROUP_FULL = "group_full"  # 群满员: a new group is needed
    QR_EXPIRES = "qr_expires"  # 群二维码将过期: export a new one
    GROUP_WELCOME = "group_welcome"  # 入群欢迎语: choose the template in the group
    GROUP_SETTINGS = "group_settings"  # 群规、防骚扰、关键词: set in the group by its owner
    GROUP_OWNER = "group_owner"  # 群主已离职: somebody must take the group over
    REMOVAL_NOTICE = "removal_notice"  # 个微群迁移: words to post in an old group
    MESSAGE = "message"  # an operator's own words
    TASKS = "tasks"  # 群发待确认: messages wait for her tap
    TASKS_LATE = "tasks_late"  # 员工未确认: for the manager of a store
    CUSTOMER = "customer"  # 跟进: something to do for one customer, planned by her playbook


class Button(Shape):
    key: str = Field(pattern=r"^[a-z_]{1,30}$")
    text: str = Field(min_length=1, max_length=10)


UNITS = {  # what the recipients of a task are counted in
    Channel.PRIVATE: "位顾客",
    Channel.GROUP: "个群",
    Channel.MOMENTS: "位朋友圈顾客",
}
BUTTONS = (Button(key=DONE, text="已处理"), Button(key=LATER, text="明天提醒我"))


class Card(Shape):
    """The words of a to-do, as its card shows them."""

    title: str = Field(min_length=1, max_length=TITLE_CHARS)
    text: str = Field("", max_length=TEXT_CHARS)
    lines: list[tuple[str, str]] = Field(default_factory=list, description="up to six: name and value")
    url: str | None = None


class Draft(Shape):
    """A to-do about one customer as we keep it: Liquid, because her name is filled in only when the card is
    sent. It is neither stored nor does it travel through Temporal."""

    title: str
    text: str = ""
    benefit: str | None = None


def by_hand(text: str, benefit: str | None) -> Draft:
    """The way `staff` of a message: the employee writes it to her."""
    return Draft(title="请发消息给{{ customer.nickname }}", text=text, benefit=benefit)


def about(title: str, text: str, name: str, store: str) -> Card:
    """The card of a filled-in draft. What is too long, in spite of the check at load, is cut visibly."""
    lines = [(what, short(value, LINE_CHARS)) for what, value in (("顾客", name), ("门店", store)) if value]
    return Card(title=short(title, TITLE_CHARS) or "跟进顾客", text=short(text, TEXT_CHARS), lines=lines)


def short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def todo_id(kind: TodoKind, subject: str, occasion: str) -> str:
    """The business key of a to-do: the same need on the same occasion is one to-do."""
    return hashlib.sha256(f"{kind}/{subject}/{occasion}".encode()).hexdigest()[:24]


def group_full(group: str, members: int, cap: int) -> Card:
    """Asked for while there is still room, so that nobody stands before a full group."""
    full = members >= cap
    now = "新顾客现在进不了群。" if full else f"到 {cap} 人后，扫码就进不来了。"
    return Card(
        title="门店群已满，请新建一个群" if full else "门店群快满了，请新建一个群",
        text=f"{now}请用您的企业微信建一个新的客户群，建好后系统会自动识别。",
        lines=[("群名", group), ("人数", f"{members} 人")],
    )


def group_settings(group: str, what: Sequence[str]) -> Card:
    """The texts are longer than a card: they are on the checklist that headquarters hands out."""
    return Card(
        title="请按清单设置群",
        text="按总部发的《群设置清单》设好下面几项，再点“已处理”。只有群主或群管理员可以设置。",
        lines=[("群名", short(group, LINE_CHARS)), ("要设置", short("、".join(what), LINE_CHARS))],
    )


def group_owner(group: str, owner: str) -> Card:
    return Card(
        title="群主已不在职，请定谁来接手",
        text="这个群的消息现在没有人能发。请告诉总部由谁接手，总部会在系统里把群转给她。",
        lines=[("群名", short(group, LINE_CHARS)), ("原群主", short(owner, LINE_CHARS))],
    )


def qr_expires(group: str, last_day: date) -> Card:
    return Card(
        title="群二维码快过期了",
        text="请在群里“群二维码”页面重新导出图片，交给运营同事导入。",
        lines=[("群名", group), ("有效至", f"{last_day.month}月{last_day.day}日")],
    )


def group_welcome(group: str, text: str) -> Card:
    """WeCom lists its welcomes by their texts; they have no names."""
    start = short(" ".join(text.split()), LINE_CHARS)
    return Card(
        title="请给群设置入群欢迎语",
        text="群右上角“…”→“入群欢迎语”→选用下面这条素材。只有群主或群管理员可以设置。",
        lines=[
            ("群名", group),
            ("素材开头", start),
        ],
    )


def tasks_wait(what: str, text: str, until: str, url: str) -> Card:
    """Messages of hers that she has not confirmed; `text` is the oldest's, `until` the first one's end."""
    lines = [("内容", short(" ".join(text.split()), LINE_CHARS)), ("最晚", until)]
    return Card(
        title="有消息等您确认发送",
        text=f"{what}还没有发出。请打开企业微信的群发通知，确认发送。点卡片看明细。",
        lines=[line for line in lines if line[1]],
        url=url,
    )


def tasks_late(employees: Sequence[str], what: str, url: str) -> Card:
    """For a store's manager: what her employees have not confirmed."""
    names = short("、".join(employees), LINE_CHARS)
    return Card(
        title="门店有消息没有发出",
        text=f"{len(employees)} 位员工有{what}没有确认。请提醒他们尽快确认。点卡片看明细。",
        lines=[("员工", names)] if names else [],
        url=url,
    )


def room(sent: Sequence[datetime], now: datetime) -> timedelta | None:
    """How long an employee's next card has to wait; None: it may go now. `sent` is of the last hour."""
    for most, window in ((PER_MINUTE, timedelta(minutes=1)), (PER_HOUR, timedelta(hours=1))):
        recent = sorted(t for t in sent if t > now - window)
        if len(recent) >= most:
            return recent[len(recent) - most] + window - now
    return None
