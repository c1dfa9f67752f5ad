"""The limits of template cards (contract §10.1), checked before a call."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.wecom import (
    ActionMenu,
    ButtonInteraction,
    CardAction,
    CardButton,
    CardImage,
    CardLine,
    CardOption,
    CardSelect,
    CardSource,
    CardTitle,
    Checkbox,
    ContentKind,
    InvalidMessage,
    Jump,
    MenuAction,
    MultipleInteraction,
    NewsNotice,
    Opens,
    QuoteArea,
    SubmitButton,
    TemplateCard,
    TextNotice,
    VoteInteraction,
)
from tests.integrations.fakes import FakeWeCom, client_on

TITLE = CardTitle(title="t")
OPENS = CardAction(url="https://example.com")
BUTTON = CardButton(text="ok", key="k")
OPTION = CardOption(id="a", text="A")
SUBMIT = SubmitButton(text="ok", key="k")
MENU = MenuAction(text="m", key="k")


def notice(**fields: Any) -> TextNotice:
    return TextNotice(**{"main_title": TITLE, "card_action": OPENS} | fields)


def buttons(**fields: Any) -> ButtonInteraction:
    return ButtonInteraction(**{"main_title": TITLE, "task_id": "t1", "button_list": (BUTTON,)} | fields)


def choice(**fields: Any) -> CardSelect:
    return CardSelect(**{"question_key": "q", "option_list": (OPTION,)} | fields)


def row(**fields: Any) -> CardLine:
    return CardLine(**{"keyname": "k"} | fields)


REFUSED_CARDS: list[tuple[str, TemplateCard]] = [
    ("card_action", notice(card_action=None)),
    ("card_action.type", notice(card_action=CardAction(type=Opens.NOTHING))),
    ("card_action.url", notice(card_action=CardAction())),
    ("card_action.appid", notice(card_action=CardAction(type=Opens.MINI_PROGRAM))),
    ("main_title.title", notice(main_title=CardTitle(desc="only a desc"))),
    ("source.desc_color", notice(source=CardSource(desc="s", desc_color=4))),
    ("quote_area.url", notice(quote_area=QuoteArea(type=Opens.URL))),
    ("horizontal_content_list", notice(horizontal_content_list=(row(),) * 7)),
    ("horizontal_content_list[0].keyname", notice(horizontal_content_list=(row(keyname=""),))),
    ("horizontal_content_list[1].url", notice(horizontal_content_list=(row(), row(type=ContentKind.URL)))),
    ("horizontal_content_list[0].media_id", notice(horizontal_content_list=(row(type=ContentKind.FILE),))),
    ("horizontal_content_list[0].userid", notice(horizontal_content_list=(row(type=ContentKind.MEMBER),))),
    ("jump_list", notice(jump_list=(Jump(title="j"),) * 4)),
    ("jump_list[0].title", notice(jump_list=(Jump(title=""),))),
    ("task_id", notice(action_menu=ActionMenu(action_list=(MENU,)))),
    ("action_menu.action_list", notice(task_id="t", action_menu=ActionMenu(action_list=()))),
    ("action_menu.action_list", notice(task_id="t", action_menu=ActionMenu(action_list=(MENU,) * 2))),
    ("task_id", buttons(task_id="")),
    ("task_id", buttons(task_id="t" * 129)),
    ("task_id", buttons(task_id="待办")),
    ("main_title.title", buttons(main_title=None)),
    ("button_list", buttons(button_list=())),
    ("button_list", buttons(button_list=tuple(CardButton(text="b", key=str(n)) for n in range(7)))),
    ("button_list", buttons(button_list=(BUTTON, BUTTON))),
    ("button_list[0].text", buttons(button_list=(CardButton(text="", key="k"),))),
    ("button_list[0].key", buttons(button_list=(CardButton(text="b", key=""),))),
    ("button_list[0].style", buttons(button_list=(CardButton(text="b", key="k", style=5),))),
    ("button_selection.question_key", buttons(button_selection=choice(question_key=""))),
    ("button_selection.option_list", buttons(button_selection=choice(option_list=(OPTION,) * 11))),
    ("button_selection.option_list", buttons(button_selection=choice(option_list=(OPTION, OPTION)))),
    ("button_selection.selected_id", buttons(button_selection=choice(selected_id="b"))),
    ("card_image.url", NewsNotice(main_title=TITLE, card_action=OPENS, card_image=CardImage(url=""))),
    (
        "card_image.aspect_ratio",
        NewsNotice(main_title=TITLE, card_action=OPENS, card_image=CardImage(url="u", aspect_ratio=3)),
    ),
    (
        "checkbox.option_list",
        VoteInteraction(
            task_id="t", checkbox=Checkbox(question_key="q", option_list=()), submit_button=SUBMIT
        ),
    ),
    (
        "submit_button.key",
        VoteInteraction(
            task_id="t",
            checkbox=Checkbox(question_key="q", option_list=(OPTION,)),
            submit_button=SubmitButton(text="ok", key=""),
        ),
    ),
    (
        "select_list",
        MultipleInteraction(task_id="t", main_title=TITLE, select_list=(choice(),) * 4, submit_button=SUBMIT),
    ),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("field", "card"), REFUSED_CARDS)
async def test_a_card_that_wecom_would_refuse_is_not_sent(field: str, card: TemplateCard) -> None:
    fake = FakeWeCom()
    with pytest.raises(InvalidMessage) as caught:
        await client_on(fake).send_template_card(["a"], card)
    assert caught.value.field == field
    assert fake.requests == []


@pytest.mark.parametrize("card", [notice(), buttons(), notice(main_title=None, sub_title_text="s")])
def test_a_card_with_the_least_passes(card: TemplateCard) -> None:
    card.check()
