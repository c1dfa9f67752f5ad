"""群设置审核 (M22, M39, M40, M43): what is to be set in a group by hand, whether it is, and how. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from domain.group_calendar import AntiSpam, GroupCalendar, Keyword, digest_of
from domain.shape import spell


class What(StrEnum):
    """One thing that only the group's owner can set."""

    WELCOME = "welcome"  # 入群欢迎语
    RULES = "rules"  # 群规
    ANTI_SPAM = "anti_spam"  # 防骚扰
    KEYWORDS = "keywords"  # 关键词自动回复


NAMES = {
    What.WELCOME: "入群欢迎语",
    What.RULES: "群规",
    What.ANTI_SPAM: "防骚扰",
    What.KEYWORDS: "关键词回复",
}


class State(StrEnum):
    SET = "set"  # its owner said so, of this very text
    CHANGED = "changed"  # the text is another one since then
    NOT_SET = "not set"
    NO_TEXT = "no text"  # neither the calendar of its kind nor a playbook says what to set


def welcome_as_shown(template: str) -> str:
    """The text of a group welcome as WeCom shows it to whoever chooses one."""
    return template.replace("%NICKNAME%", "（客户昵称）").strip()


def texts(calendar: GroupCalendar | None, welcome: str | None) -> dict[What, str]:
    """What is to be set, as its owner types it in."""
    found = {What.WELCOME: welcome_as_shown(welcome) if welcome else None}
    if calendar:
        found[What.RULES] = calendar.rules
        found[What.ANTI_SPAM] = _anti_spam(calendar.anti_spam) if calendar.anti_spam else None
        found[What.KEYWORDS] = _table(calendar.keywords) if calendar.keywords else None
    return {what: text.strip() for what, text in found.items() if text}


def states(wanted: Mapping[What, str], said: Mapping[str, str]) -> dict[What, State]:
    """`said`: the digests of what its owner has set."""
    return {what: _state(wanted.get(what), said.get(what)) for what in What}


def _state(text: str | None, digest: str | None) -> State:
    if text is None:
        return State.NO_TEXT
    if digest is None:
        return State.NOT_SET
    return State.SET if digest == digest_of(text) else State.CHANGED


def checklist(calendar: GroupCalendar | None, wanted: Mapping[What, str], kind: str) -> str:
    """What an owner follows, step by step, in the WeCom client."""
    title = calendar.title if calendar else kind
    lines = [f"《群设置清单》{title}", "请群主或群管理员在企业微信手机端设置，设好后在待办卡片上点“已处理”。"]
    for number, (what, text) in enumerate(wanted.items(), 1):
        lines += [
            "",
            f"{number}. {NAMES[what]}：{_WHERE[what]}",
            *(f"   {line}" for line in text.splitlines()),
        ]
        if what is What.WELCOME and calendar and calendar.welcome_every:
            lines.append(f"   {_merged(spell(calendar.welcome_every))}")
    return "\n".join(lines)


_WHERE = {
    What.WELCOME: "群右上角“…”→“入群欢迎语”→选用开头相同的这条素材",
    What.RULES: "群右上角“…”→“群公告”，贴上下面的文字并置顶",
    What.ANTI_SPAM: "群右上角“…”→“群管理”→“防骚扰”，照下面勾选",
    What.KEYWORDS: "群右上角“…”→“群管理”→“自动回复”，照表逐行添加",
}


def _merged(every: str) -> str:
    """M22: who comes together is greeted once."""
    number, unit = every[:-1], {"s": "秒", "m": "分钟", "h": "小时", "d": "天"}[every[-1]]
    return f"欢迎语的发送间隔设为 {number} {unit}：几个人前后脚进群，只发一次，不刷屏。"


def _anti_spam(wanted: AntiSpam) -> str:
    history = "可以" if wanted.newcomers_read_history else "不可以"
    lines = [f"不允许发：{'、'.join(wanted.forbid)}"]
    lines += [f"屏蔽词：{'、'.join(wanted.words)}"] if wanted.words else []
    return "\n".join([*lines, f"新成员{history}查看入群前的消息"])


def _table(keywords: list[Keyword]) -> str:
    """One line for each answer, to be typed in."""
    return "\n".join(
        ["关键词 ｜ 回复", *(f"{'、'.join(one.words)} ｜ {' '.join(one.answer.split())}" for one in keywords)]
    )
