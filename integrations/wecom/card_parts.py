"""What a template card is made of. Contract §10.1; https://developer.work.weixin.qq.com/document/path/90236

Every part checks itself: `field` is where it stands in the card.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_items, not_all_empty
from integrations.wecom.types import Shape

MAX_MENU_ACTIONS = 3
MAX_OPTIONS = 10
MAX_BUTTON_STYLE = 4
MAX_DESC_COLOR = 3


class Opens(IntEnum):
    """What a press opens."""

    NOTHING = 0
    URL = 1
    MINI_PROGRAM = 2


class CardSource(Shape):
    """The line on top; `desc_color` 0 grey, 1 black, 2 red, 3 green."""

    icon_url: str = ""
    desc: str = ""
    desc_color: int = 0

    def check(self, field: str) -> None:
        if not 0 <= self.desc_color <= MAX_DESC_COLOR:
            raise InvalidMessage(f"{field}.desc_color", "0 grey, 1 black, 2 red, 3 green")


class MenuAction(Shape):
    text: str
    key: str


class ActionMenu(Shape):
    """The menu behind the three dots."""

    desc: str = ""
    action_list: tuple[MenuAction, ...]

    def check(self, field: str) -> None:
        if not 1 <= len(self.action_list) <= MAX_MENU_ACTIONS:
            raise InvalidMessage(f"{field}.action_list", f"1 to {MAX_MENU_ACTIONS} actions")
        for number, action in enumerate(self.action_list):
            check_press(f"{field}.action_list[{number}]", action.text, action.key)
        all_different(f"{field}.action_list", [action.key for action in self.action_list])


class CardTitle(Shape):
    title: str = ""
    desc: str = ""


class _Opening(Shape):
    type: Opens = Opens.NOTHING
    url: str = ""
    appid: str = ""
    pagepath: str = ""

    def check(self, field: str) -> None:
        if self.type is Opens.URL:
            not_all_empty(f"{field}.url", self.url)
        if self.type is Opens.MINI_PROGRAM:
            not_all_empty(f"{field}.appid", self.appid)


class QuoteArea(_Opening):
    title: str = ""
    quote_text: str = ""


class Jump(_Opening):
    """A line below the content."""

    title: str

    def check(self, field: str) -> None:
        not_all_empty(f"{field}.title", self.title)
        super().check(field)


class CardAction(_Opening):
    """What a press anywhere on the card opens: NOTHING will not do."""

    type: Opens = Opens.URL

    def check(self, field: str) -> None:
        if self.type is Opens.NOTHING:
            raise InvalidMessage(f"{field}.type", "1 opens a url, 2 a mini-program")
        super().check(field)


class ContentKind(IntEnum):
    TEXT = 0
    URL = 1
    FILE = 2
    MEMBER = 3


class CardLine(Shape):
    """A row "keyname: value"; `type` says which of url, media_id and userid a press on the value opens."""

    keyname: str
    value: str = ""
    type: ContentKind = ContentKind.TEXT
    url: str = ""
    media_id: str = ""
    userid: str = ""

    def check(self, field: str) -> None:
        not_all_empty(f"{field}.keyname", self.keyname)
        needed = {
            ContentKind.URL: ("url", self.url),
            ContentKind.FILE: ("media_id", self.media_id),
            ContentKind.MEMBER: ("userid", self.userid),
        }
        if self.type in needed:
            name, value = needed[self.type]
            not_all_empty(f"{field}.{name}", value)


class CardButton(Shape):
    """`key` comes back in the CardEvent; `style` 1 (blue) to 4 say how much it stands out."""

    text: str
    key: str
    style: int = 1

    def check(self, field: str) -> None:
        check_press(field, self.text, self.key)
        if not 1 <= self.style <= MAX_BUTTON_STYLE:
            raise InvalidMessage(f"{field}.style", f"1 to {MAX_BUTTON_STYLE}")


class SubmitButton(Shape):
    text: str
    key: str

    def check(self, field: str) -> None:
        check_press(field, self.text, self.key)


class CardOption(Shape):
    id: str
    text: str


class CardSelect(Shape):
    """A drop-down; the answer comes back in the CardEvent under `question_key`."""

    question_key: str
    title: str = ""
    option_list: tuple[CardOption, ...]
    selected_id: str = ""

    def check(self, field: str) -> None:
        check_question(field, self.question_key, self.option_list, MAX_OPTIONS)
        if self.selected_id and self.selected_id not in {option.id for option in self.option_list}:
            raise InvalidMessage(f"{field}.selected_id", "is none of the options' ids")


def check_press(field: str, text: str, key: str) -> None:
    not_all_empty(f"{field}.text", text)
    not_all_empty(f"{field}.key", key)


def check_question(field: str, question_key: str, options: Sequence[CardOption], most: int) -> None:
    not_all_empty(f"{field}.question_key", question_key)
    not_all_empty(f"{field}.option_list", list(options))
    at_most_items(f"{field}.option_list", options, most)
    for number, option in enumerate(options):
        not_all_empty(f"{field}.option_list[{number}].id", option.id)
        not_all_empty(f"{field}.option_list[{number}].text", option.text)
    all_different(f"{field}.option_list", [option.id for option in options])


def all_different(field: str, keys: Sequence[str]) -> None:
    """Two of one key could not be told apart in the CardEvent."""
    if len(set(keys)) < len(keys):
        raise InvalidMessage(field, "gives one key or id twice")
