"""The parts of a template card (contract §10.1). All optional here: what must be there is in `card_rules`."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Fields that this simulator does not know are kept, as the card is shown as it came."""

    model_config = ConfigDict(extra="allow")


class Source(Part):
    icon_url: str = ""
    desc: str = ""
    desc_color: int = 0


class Action(Part):
    text: str = ""
    key: str = ""


class ActionMenu(Part):
    desc: str = ""
    action_list: list[Action] = []


class Title(Part):
    title: str = ""
    desc: str = ""


class Opening(Part):
    """Something that opens an address (type 1) or a mini-program (type 2)."""

    type: int = 0
    title: str = ""
    url: str = ""
    appid: str = ""
    pagepath: str = ""


class Row(Part):
    type: int = 0
    keyname: str = ""
    value: str = ""
    url: str = ""
    media_id: str = ""
    userid: str = ""


class CardImage(Part):
    url: str = ""
    aspect_ratio: float = 1.3


class Button(Action):
    """Type 1 opens its url instead of telling the app its key."""

    type: int = 0
    style: int = 1
    url: str = ""


class Option(Part):
    id: str = ""
    text: str = ""


class Selection(Part):
    """A list to choose one from; of a vote (checkbox) one or several, by `mode`."""

    question_key: str = ""
    title: str = ""
    mode: int = 0
    selected_id: str = ""
    option_list: list[Option] = []


class Card(Part):
    card_type: str = ""
    task_id: str = ""
    source: Source | None = None
    action_menu: ActionMenu | None = None
    main_title: Title | None = None
    sub_title_text: str = ""
    emphasis_content: Title | None = None
    quote_area: Opening | None = None
    horizontal_content_list: list[Row] = []
    vertical_content_list: list[Title] = []
    jump_list: list[Opening] = []
    card_action: Opening | None = None
    card_image: CardImage | None = None
    image_text_area: Opening | None = None
    button_selection: Selection | None = None
    button_list: list[Button] = []
    checkbox: Selection | None = None
    select_list: list[Selection] = []
    submit_button: Action | None = None

    def is_interactive(self) -> bool:
        """Something on it can be pressed, so that the app hears of it."""
        return self.card_type.endswith("_interaction") or self.action_menu is not None

    def pressable(self) -> list[str]:
        """Of everything that can be pressed."""
        keys = [button.key for button in self.button_list]
        if self.action_menu is not None:
            keys += [action.key for action in self.action_menu.action_list]
        if self.submit_button is not None:
            keys.append(self.submit_button.key)
        return [key for key in keys if key]

    def questions(self) -> dict[str, Selection]:
        asked = (self.button_selection, self.checkbox, *self.select_list)
        return {one.question_key: one for one in asked if one is not None}

    def wire(self) -> dict[str, Any]:
        """As it came, without what was left out."""
        return self.model_dump(exclude_unset=True)
