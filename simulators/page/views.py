"""What the pages show of the world, in plain values and Chinese words."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from itertools import islice
from typing import Any

from simulators.page.rendering import clock_text
from simulators.page.todo import todo
from simulators.state.people import Employee
from simulators.state.ways import ContactWay, JoinWay
from simulators.world import World

Values = dict[str, Any]

# A page is for a person's eyes: of more than this the newest are shown.
SHOWN, SHOWN_LOG = 60, 25
MOVES = [(60, "+1 分钟"), (3600, "+1 小时"), (86400, "+1 天"), (7 * 86400, "+7 天")]


def frame(world: World) -> Values:
    """What every page has."""
    moves = [{"seconds": seconds, "label": label} for seconds, label in MOVES]
    return {"corp_id": world.config.corp_id, "now": clock_text(world.clock()), "moves": moves}


def overview(world: World) -> Values:
    ways, join_ways, waiting = world.ways.contact_ways, world.ways.join_ways, todo(world)
    return {
        "ways": [contact_way(world, way) for way in newest(ways.values())],
        "ways_total": len(ways),
        "join_ways": [join_way(world, way) for way in newest(join_ways.values())],
        "join_ways_total": len(join_ways),
        "customers": _customers(world),
        "customers_total": len(world.people.customers),
        "employees": _employees(world, Counter(one["userid"].lower() for one in waiting)),
        "employees_total": len(world.people.employees),
        "groups": _groups(world),
        "groups_total": len(world.groups.all),
        "todo": waiting[:SHOWN],
    }


def _customers(world: World) -> list[Values]:
    friends: dict[str, list[str]] = {}
    for relation in world.people.relations():
        friends.setdefault(relation.external_userid, []).append(staff_name(world, relation.userid))
    return [
        {
            "id": one.external_userid,
            "nickname": one.nickname,
            "friends": "、".join(friends.get(one.external_userid, [])),
            "messages": len(world.inboxes.by_customer.get(one.external_userid, [])),
        }
        for one in newest(world.people.customers.values())
    ]


def _employees(world: World, todo_of: Counter[str]) -> list[Values]:
    customers_of = Counter(relation.userid.lower() for relation in world.people.relations())
    return [
        {
            **employee(one),
            "customers": customers_of[one.userid.lower()],
            "todo": todo_of[one.userid.lower()],
        }
        for one in newest(world.people.employees.values())
    ]


def _groups(world: World) -> list[Values]:
    return [
        {
            "chat_id": one.chat_id,
            "name": one.name or "未命名",
            "owner": staff_name(world, one.owner),
            "size": len(one.members),
            "dismissed": one.dismissed,
        }
        for one in newest(world.groups.all.values())
    ]


def newest(things: Iterable[Any], most: int = SHOWN) -> list[Any]:
    return list(islice(reversed(list(things)), most))


def staff_name(world: World, userid: str) -> str:
    known = world.people.employees.get(userid.lower())
    return known.name if known else userid


def employee(one: Employee) -> Values:
    troubles = {"未激活": not one.activated, "未实名": not one.real_named, "已离职": one.resigned}
    return {
        "userid": one.userid,
        "name": one.name,
        "trouble": "、".join(word for word, so in troubles.items() if so),
    }


def contact_way(world: World, way: ContactWay) -> Values:
    spec = way.spec
    users = [staff_name(world, userid) for userid in spec.user]
    how = ["自动通过" if spec.skip_verify else "需要员工确认", *(["临时会话"] if spec.is_temp else [])]
    return {
        "config_id": way.config_id,
        "state": spec.state or "（无 state）",
        "remark": spec.remark,
        "users": "、".join(users[:3]) + (f" 等 {len(users)} 人" if len(users) > 3 else ""),
        "how": " · ".join(how),
    }


def join_way(world: World, way: JoinWay) -> Values:
    groups = [world.groups.all[chat_id] for chat_id in way.spec.chat_id_list if chat_id in world.groups.all]
    names = "、".join(f"{group.name}（{len(group.members)}）" for group in groups)
    return {"config_id": way.config_id, "state": way.spec.state or "（无 state）", "groups": names}


def faults(world: World) -> Values:
    outbox, traffic = world.callbacks.outbox, world.traffic
    return {
        "faults": [
            f"{one.api} · {one.kind}"
            + (f" {one.errcode}" if one.kind == "errcode" else "")
            + (f" · {one.rate:.0%} 的调用" if one.rate < 1 else "")
            + (" · 直到松开" if one.times is None else f" · 还有 {one.times} 次")
            for one in world.faults.pressed
        ],
        "mischief": asdict(outbox.mischief),
        "calls": [
            {
                "at": clock_text(one.at),
                "method": one.method,
                "api": one.api,
                "answer": one.status if one.errcode is None else one.errcode,
                "bad": one.status >= 400 or bool(one.errcode),
            }
            for one in newest(traffic.log, SHOWN_LOG)
        ],
        "callbacks": [
            {
                "at": clock_text(one.at),
                "name": one.name,
                "content": one.content,
                "outcome": OUTCOMES[one.outcome],
                "bad": one.outcome in ("failed", "dropped"),
            }
            for one in newest(outbox.log, SHOWN_LOG)
        ],
    }


OUTCOMES = {
    "pending": "发送中",
    "delivered": "已送达",
    "failed": "失败",
    "dropped": "被丢弃",
    "no_url": "未设回调 URL",
}


def crowd(world: World) -> Values:
    story = world.population.story
    if story is None:
        told = "一群按概率自己行动的人：扫码、加好友、进群、买单、聊天、流失、回来、投诉；员工也会确认群发。"
        return {"state": "未开始", "running": False, "told": told}
    told = " · ".join(f"{DEEDS.get(what, what)} {count}" for what, count in story.deeds.most_common())
    state = f"{len(story.people)} / {story.plan.people} 人 · 种子 {story.seed}"
    return {"state": state + (" · 实时" if story.plan.real_time else ""), "running": True, "told": told}


DEEDS = {
    "scan": "扫码添加",
    "look": "只看看",
    "join": "进群",
    "enrol": "办会员",
    "buy": "买单",
    "chat": "聊天",
    "drift": "流失",
    "return": "回来",
    "complain": "删除员工",
    "leave": "退群",
    "confirm_half_add": "通过好友申请",
    "confirm_task": "确认群发",
    "publish_moment": "发表朋友圈",
}
