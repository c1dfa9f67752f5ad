"""What WeCom demands of a template card (contract §10.1), with its official errcodes, 42014 to 42051."""

import re

from simulators.errors import WeComFault
from simulators.state.card_shapes import Action, Card, Opening, Selection

KINDS = ("text_notice", "news_notice", "button_interaction", "vote_interaction", "multiple_interaction")
TASK_ID = re.compile(r"[0-9A-Za-z_\-@]{1,128}")
ROWS, COLUMNS, JUMPS, ACTIONS, BUTTONS, SELECTS = 6, 4, 3, 3, 6, 3
OPTIONS, CHECKS = 10, 20
URL, MINI_PROGRAM = 1, 2
ROW_URL, ROW_FILE, ROW_MEMBER = 1, 2, 3
RATIOS = (1.3, 2.25)


def check_card(card: Card) -> None:
    if card.card_type not in KINDS:
        raise WeComFault(42031, card.card_type)
    if card.task_id and not TASK_ID.fullmatch(card.task_id):
        raise WeComFault(42014)
    if card.is_interactive() and not card.task_id:
        raise WeComFault(42014, "needed with something to press")
    _check_common(card)
    match card.card_type:
        case "text_notice":
            _require(bool(card.sub_title_text or _title(card)), 42033, "main_title.title or sub_title_text")
            _require(card.card_action is not None, 42045)
        case "news_notice":
            _check_news(card)
        case "button_interaction":
            _check_buttons(card)
        case _:
            _check_questions(card)


def _check_common(card: Card) -> None:
    if card.source is not None and card.source.desc_color not in range(4):
        raise WeComFault(40058, "source.desc_color")
    if card.action_menu is not None:
        _check_menu(card.action_menu.action_list)
    _check_rows(card)
    _require(len(card.jump_list) <= JUMPS, 42042)
    for jump in card.jump_list:
        _require(bool(jump.title), 42033, "jump_list.title")
        _check_opening(jump, "jump_list")
    if card.card_action is not None:
        _require(card.card_action.type in (0, URL, MINI_PROGRAM), 42045)
        _check_opening(card.card_action, "card_action")
    if card.quote_area is not None:
        _check_opening(card.quote_area, "quote_area")


def _check_menu(actions: list[Action]) -> None:
    _require(1 <= len(actions) <= ACTIONS, 40058, "action_menu.action_list")
    _require(all(one.text and one.key for one in actions), 42018, "action_menu.action_list")
    _require(len({one.key for one in actions}) == len(actions), 42051)


def _check_rows(card: Card) -> None:
    _require(len(card.horizontal_content_list) <= ROWS, 42035)
    for row in card.horizontal_content_list:
        _require(bool(row.keyname), 42027)
        _require(row.type != ROW_URL or bool(row.url), 42028, "horizontal_content_list")
        _require(row.type != ROW_FILE or bool(row.media_id), 42029)
        _require(row.type != ROW_MEMBER or bool(row.userid), 42050)
    _require(len(card.vertical_content_list) <= COLUMNS, 42036)
    _require(all(one.title for one in card.vertical_content_list), 42033, "vertical_content_list.title")


def _check_opening(part: Opening, where: str) -> None:
    _require(part.type != URL or bool(part.url), 42028, where)
    _require(part.type != MINI_PROGRAM or bool(part.appid), 42030, where)


def _check_news(card: Card) -> None:
    _require(bool(_title(card)), 42033, "main_title.title")
    action = card.card_action
    _require(action is not None and action.type in (URL, MINI_PROGRAM), 42045)
    _require(card.card_image is not None or card.image_text_area is not None, 42044)
    if card.card_image is not None:
        _require(bool(card.card_image.url), 42044)
        _require(RATIOS[0] <= card.card_image.aspect_ratio <= RATIOS[1], 40058, "card_image.aspect_ratio")


def _check_buttons(card: Card) -> None:
    _require(bool(_title(card)), 42033, "main_title.title")
    _require(1 <= len(card.button_list) <= BUTTONS, 40058, "button_list")
    for button in card.button_list:
        _require(bool(button.text), 42038)
        _require(bool(button.url if button.type == 1 else button.key), 42039)
        _require(button.style in range(1, 5), 40058, "button_list.style")
    keys = [button.key for button in card.button_list if button.key]
    _require(len(set(keys)) == len(keys), 42039, "the same key twice")
    if card.button_selection is not None:
        _check_question(card.button_selection, OPTIONS)


def _check_questions(card: Card) -> None:
    """A vote has one list to tick, a multiple interaction up to three to choose from; both are submitted."""
    if card.card_type == "vote_interaction":
        _require(card.checkbox is not None, 42043, "checkbox")
        _check_question(card.checkbox or Selection(), CHECKS)
    else:
        _require(bool(_title(card)), 42033, "main_title.title")
        _require(1 <= len(card.select_list) <= SELECTS, 42047)
        for selection in card.select_list:
            _check_question(selection, OPTIONS)
    submit = card.submit_button
    _require(submit is not None and bool(submit.text), 42049)
    _require(submit is not None and bool(submit.key), 42046)


def _check_question(question: Selection, most: int) -> None:
    _require(bool(question.question_key), 42043)
    _require(1 <= len(question.option_list) <= most, 42037)
    _require(all(option.id for option in question.option_list), 42040)
    _require(all(option.text for option in question.option_list), 42041)
    ids = [option.id for option in question.option_list]
    _require(len(set(ids)) == len(ids), 42040, "the same id twice")
    _require(not question.selected_id or question.selected_id in ids, 42040, "selected_id")


def _title(card: Card) -> str:
    return card.main_title.title if card.main_title else ""


def _require(holds: bool, errcode: int, detail: str = "") -> None:
    if not holds:
        raise WeComFault(errcode, detail)
