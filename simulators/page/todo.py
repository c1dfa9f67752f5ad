"""What waits for an employee's tap: friend requests, mass tasks (群发), moments (朋友圈)."""

from typing import Any

from simulators.state.mass import NOT_SENT
from simulators.world import World


def todo(world: World, userid: str | None = None) -> list[dict[str, Any]]:
    """Of everybody, or of one employee."""
    wanted = None if userid is None else userid.lower()
    waiting = [*_requests(world), *_mass_tasks(world), *_moments(world)]
    return [one for one in waiting if wanted in (None, one["userid"].lower())]


def _tap(
    world: World, userid: str, what: str, text: str, post: str, button: str, **fields: str
) -> dict[str, Any]:
    known = world.people.employees.get(userid.lower())
    shown = [{"name": name, "value": value} for name, value in fields.items()]
    return {
        "userid": userid,
        "name": known.name if known else userid,
        "what": what,
        "text": text,
        "post": post,
        "button": button,
        "fields": [*shown, {"name": "userid", "value": userid}],
    }


def _requests(world: World) -> list[dict[str, Any]]:
    """By a way without skip_verify, and half adds."""
    half = [relation for relation in world.people.relations() if relation.half]
    return [
        _tap(
            world,
            one.userid,
            "好友申请",
            f"{world.people.customers[one.external_userid].nickname} 请求添加好友",
            "confirm_half_add",
            "通过",
            external_userid=one.external_userid,
        )
        for one in (*world.people.requests.values(), *half)
    ]


def _mass_tasks(world: World) -> list[dict[str, Any]]:
    return [
        _tap(
            world,
            part.userid,
            f"群发给 {len(part.recipients)} {'个客户群' if task.chat_type == 'group' else '位客户'}",
            task.content.text.content or "［图片或附件］",
            "tasks/confirm",
            "确认群发",
            msgid=task.msgid,
        )
        for task in world.mass.all.values()
        for part in task.parts.values()
        if part.status == NOT_SENT and not task.cancelled
    ]


def _moments(world: World) -> list[dict[str, Any]]:
    return [
        _tap(
            world,
            part.userid,
            f"朋友圈，{len(part.audience)} 位客户可见",
            moment.text or "［图片或附件］",
            "moments/publish",
            "发表",
            moment_id=moment.moment_id,
        )
        for moment in world.moments.listed()
        for part in moment.parts.values()
        if part.published_at is None and not moment.cancelled
    ]
