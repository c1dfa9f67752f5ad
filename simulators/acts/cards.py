"""An employee presses something on a template card; the app hears of it (contract §3.8, §10.1)."""

from simulators.callback_xml import element
from simulators.callbacks import AppEvent
from simulators.state.card_shapes import Card
from simulators.state.refused import Refused
from simulators.state.staff_messages import StaffMessage
from simulators.world import World


def press(world: World, message: StaffMessage, key: str, selected: dict[str, list[str]]) -> str:
    """Returns the response code that the event brings."""
    card = shown(world, message)
    if key not in card.pressable():
        raise Refused(f"nothing on this card has the key {key!r}")
    _check_answers(card, selected)
    sent = world.staff_messages.sent[message.msgid]
    code = world.staff_messages.response_code(sent, world.config.pressed_code_hours)
    message.pressed.append(key)
    menu = card.action_menu.action_list if card.action_menu else []
    on_menu = key in (one.key for one in menu)
    event: AppEvent = "template_card_menu_event" if on_menu else "template_card_event"
    fields = {"EventKey": key, "TaskId": card.task_id, "CardType": card.card_type, "ResponseCode": code}
    inner = "".join(element(name, value) for name, value in fields.items()) + _selected(selected)
    world.callbacks.app(event, message.agent_id, message.userid, inner)
    return code


def shown(world: World, message: StaffMessage) -> Card:
    """The card as it is now; buttons that an update has replaced can no longer be pressed."""
    card = world.staff_messages.sent[message.msgid].card
    if card is None or not card.is_interactive():
        raise Refused("this is no card with something to press")
    updated = message.updated or {}
    if "template_card" in updated:
        return Card.model_validate(updated["template_card"])
    return card.model_copy(update={"button_list": [], "submit_button": None}) if updated else card


def _check_answers(card: Card, selected: dict[str, list[str]]) -> None:
    questions = card.questions()
    for question_key, option_ids in selected.items():
        if question_key not in questions:
            raise Refused(f"the card does not ask {question_key!r}")
        question = questions[question_key]
        known = {option.id for option in question.option_list}
        several = question is card.checkbox and question.mode == 1
        if not set(option_ids) <= known or not (several or len(option_ids) <= 1):
            raise Refused(f"{question_key!r} cannot be answered with {option_ids}")


def _selected(selected: dict[str, list[str]]) -> str:
    """Absent when nothing was asked."""
    if not selected:
        return ""
    items = ""
    for question_key, option_ids in selected.items():
        options = "".join(element("OptionId", option_id) for option_id in option_ids)
        question = element("QuestionKey", question_key)
        items += f"<SelectedItem>{question}<OptionIds>{options}</OptionIds></SelectedItem>"
    return f"<SelectedItems>{items}</SelectedItems>"
