"""An employee's phone: messages of the app, cards to press, what waits for a tap, and the customers."""

from typing import Any

from simulators.acts import cards
from simulators.page.phone import note, tags
from simulators.page.rendering import clock_text
from simulators.page.todo import todo
from simulators.page.views import Values, employee, newest
from simulators.state.people import Relation
from simulators.state.refused import Refused
from simulators.state.staff_messages import StaffMessage
from simulators.world import World

KINDS = {"template_card": "模板卡片", "textcard": "文本卡片", "news": "图文", "mpnews": "图文"}


def staff_phone(world: World, userid: str) -> Values:
    one = world.people.employee(userid)
    mine = [said for said in world.staff_messages.all if said.userid.lower() == userid.lower()]
    relations = [each for each in world.people.relations() if each.userid.lower() == userid.lower()]
    return {
        "employee": employee(one),
        "messages": [_message(world, said) for said in newest(mine)],
        "todo": todo(world, userid),
        "customers": [_customer(world, relation) for relation in newest(relations)],
    }


def _customer(world: World, relation: Relation) -> Values:
    return {
        "id": relation.external_userid,
        "nickname": world.people.customers[relation.external_userid].nickname,
        "tags": tags(world, relation),
        "note": note(relation),
    }


def _message(world: World, one: StaffMessage) -> Values:
    body = one.content
    fate = {"超出频率，已被丢弃": one.dropped, "已撤回": one.recalled, "已更新": one.updated is not None}
    return {
        "msgtype": KINDS.get(one.msgtype, one.msgtype),
        "at": clock_text(one.at),
        "fate": "、".join(word for word, so in fate.items() if so),
        "gone": one.dropped or one.recalled,
        "text": str(body.get("content", "")),
        "parts": [] if "content" in body else [_card(one.msgtype, body)],
        "taps": [] if one.dropped or one.recalled else _taps(world, one),
    }


def _card(msgtype: str, body: dict[str, Any]) -> Values:
    main = body.get("main_title") or {}
    title = body.get("title") or main.get("title") or ""
    more = body.get("description") or main.get("desc") or body.get("sub_title_text") or ""
    return {"kind": KINDS.get(msgtype, msgtype), "image": "", "title": str(title), "more": str(more)}


def _taps(world: World, message: StaffMessage) -> list[Values]:
    """What can be pressed on a template card now; nothing on anything else."""
    try:
        card = cards.shown(world, message)
    except Refused:
        return []
    menu = card.action_menu.action_list if card.action_menu else []
    pressable = [(one.text, one.key) for one in card.button_list] + [(one.text, one.key) for one in menu]
    if card.submit_button is not None:
        pressable.append((card.submit_button.text, card.submit_button.key))
    return [_tap(message, text, key) for text, key in pressable]


def _tap(message: StaffMessage, text: str, key: str) -> Values:
    fields = {"msgid": message.msgid, "userid": message.userid, "key": key}
    shown = [{"name": name, "value": value} for name, value in fields.items()]
    return {"post": "cards/tap", "button": text, "fields": shown}
