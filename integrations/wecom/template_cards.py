"""模板卡片: cards that the app sends to employees, most of them with something to press. Contract §10.1.

TextNotice           a notice that opens an address
NewsNotice           the same with a picture
ButtonInteraction    up to six buttons, and a drop-down if wanted
VoteInteraction      a list of options to tick
MultipleInteraction  up to three drop-downs
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from integrations.wecom.card_parts import (
    ActionMenu,
    CardAction,
    CardButton,
    CardLine,
    CardOption,
    CardSelect,
    CardSource,
    CardTitle,
    Jump,
    QuoteArea,
    SubmitButton,
    all_different,
    check_question,
)
from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_bytes, at_most_items, not_all_empty
from integrations.wecom.types import Shape

MAX_TASK_ID_BYTES = 128
TASK_ID = re.compile(r"[0-9A-Za-z_\-@]*")
MAX_ROWS = 6
MAX_JUMPS = 3
MAX_BUTTONS = 6
MAX_SELECTS = 3
MAX_VOTE_OPTIONS = 20
MAX_COLUMNS = 4
ASPECT_RATIOS = (1.3, 2.25)


class TemplateCard(Shape, ABC):
    """What all cards share. `task_id` must be new for the app, and come with everything that can be pressed:
    CardEvents name it."""

    source: CardSource | None = None
    main_title: CardTitle | None = None
    action_menu: ActionMenu | None = None
    task_id: str = ""

    @property
    @abstractmethod
    def card_type(self) -> str:
        """As WeCom calls this kind of card."""

    @property
    def _pressed(self) -> bool:
        return self.action_menu is not None

    def check(self) -> None:
        """Raises InvalidMessage for what WeCom would refuse."""
        at_most_bytes("task_id", self.task_id, MAX_TASK_ID_BYTES)
        if not TASK_ID.fullmatch(self.task_id):
            raise InvalidMessage("task_id", "takes letters, digits, _, - and @ only")
        if self._pressed:
            not_all_empty("task_id", self.task_id)
        if self.source:
            self.source.check("source")
        if self.action_menu:
            self.action_menu.check("action_menu")

    def wire(self) -> dict[str, object]:
        return {"card_type": self.card_type, **_filled(self.model_dump(mode="json"))}

    def _check_title(self) -> None:
        not_all_empty("main_title.title", self.main_title.title if self.main_title else "")


class _Notice(TemplateCard):
    """`card_action` is required here."""

    quote_area: QuoteArea | None = None
    horizontal_content_list: tuple[CardLine, ...] = ()
    jump_list: tuple[Jump, ...] = ()
    card_action: CardAction | None = None

    def check(self) -> None:
        super().check()
        if self.card_action is None:
            raise InvalidMessage("card_action", "say what a press on the card opens")
        self.card_action.check("card_action")
        if self.quote_area:
            self.quote_area.check("quote_area")
        _check_rows(self.horizontal_content_list)
        at_most_items("jump_list", self.jump_list, MAX_JUMPS)
        for number, jump in enumerate(self.jump_list):
            jump.check(f"jump_list[{number}]")


class TextNotice(_Notice):
    emphasis_content: CardTitle | None = None
    sub_title_text: str = ""

    @property
    def card_type(self) -> str:
        return "text_notice"

    def check(self) -> None:
        super().check()
        title = self.main_title.title if self.main_title else ""
        not_all_empty("main_title.title", title, self.sub_title_text)


class CardImage(Shape):
    """`aspect_ratio` is width by height, 1.3 to 2.25; 1.3 if None."""

    url: str
    aspect_ratio: float | None = None


class NewsNotice(_Notice):
    card_image: CardImage
    vertical_content_list: tuple[CardTitle, ...] = ()

    @property
    def card_type(self) -> str:
        return "news_notice"

    def check(self) -> None:
        super().check()
        self._check_title()
        not_all_empty("card_image.url", self.card_image.url)
        ratio = self.card_image.aspect_ratio
        if ratio is not None and not ASPECT_RATIOS[0] <= ratio <= ASPECT_RATIOS[1]:
            raise InvalidMessage("card_image.aspect_ratio", "1.3 to 2.25")
        at_most_items("vertical_content_list", self.vertical_content_list, MAX_COLUMNS)
        for number, column in enumerate(self.vertical_content_list):
            not_all_empty(f"vertical_content_list[{number}].title", column.title)


class _Interaction(TemplateCard):
    @property
    def _pressed(self) -> bool:
        return True


class ButtonInteraction(_Interaction):
    button_list: tuple[CardButton, ...]
    button_selection: CardSelect | None = None
    sub_title_text: str = ""
    quote_area: QuoteArea | None = None
    horizontal_content_list: tuple[CardLine, ...] = ()
    card_action: CardAction | None = None

    @property
    def card_type(self) -> str:
        return "button_interaction"

    def check(self) -> None:
        super().check()
        self._check_title()
        not_all_empty("button_list", self.button_list)
        at_most_items("button_list", self.button_list, MAX_BUTTONS)
        all_different("button_list", [button.key for button in self.button_list])
        for number, button in enumerate(self.button_list):
            button.check(f"button_list[{number}]")
        if self.button_selection:
            self.button_selection.check("button_selection")
        if self.quote_area:
            self.quote_area.check("quote_area")
        _check_rows(self.horizontal_content_list)
        if self.card_action:
            self.card_action.check("card_action")


class Checkbox(Shape):
    """`mode` 0 takes one option, 1 several."""

    question_key: str
    option_list: tuple[CardOption, ...]
    mode: int = 0

    def check(self, field: str) -> None:
        check_question(field, self.question_key, self.option_list, MAX_VOTE_OPTIONS)


class VoteInteraction(_Interaction):
    checkbox: Checkbox
    submit_button: SubmitButton

    @property
    def card_type(self) -> str:
        return "vote_interaction"

    def check(self) -> None:
        super().check()
        self.checkbox.check("checkbox")
        self.submit_button.check("submit_button")


class MultipleInteraction(_Interaction):
    select_list: tuple[CardSelect, ...]
    submit_button: SubmitButton

    @property
    def card_type(self) -> str:
        return "multiple_interaction"

    def check(self) -> None:
        super().check()
        self._check_title()
        not_all_empty("select_list", self.select_list)
        at_most_items("select_list", self.select_list, MAX_SELECTS)
        for number, select in enumerate(self.select_list):
            select.check(f"select_list[{number}]")
        self.submit_button.check("submit_button")


def _check_rows(rows: Sequence[CardLine]) -> None:
    at_most_items("horizontal_content_list", rows, MAX_ROWS)
    for number, row in enumerate(rows):
        row.check(f"horizontal_content_list[{number}]")


def _filled(value: Any) -> Any:
    """Without what is None, empty text or an empty list: WeCom takes an empty part for a given one."""
    if isinstance(value, dict):
        parts = {name: _filled(part) for name, part in value.items()}
        return {name: part for name, part in parts.items() if part not in (None, "", [], {})}
    return [_filled(part) for part in value] if isinstance(value, list) else value
