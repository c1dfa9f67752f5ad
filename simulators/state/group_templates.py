"""Group welcomes (入群欢迎语素材) that owners put into effect in their client (contract §4.2)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulators import ids
from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault
from simulators.state.refused import Unknown


@dataclass
class GroupTemplate:
    template_id: str
    text: str
    attachment: dict[str, Any] | None  # {"msgtype": "image", "image": {...}}, as the customer gets it
    app: int
    created_at: datetime


class GroupTemplates:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self.all: dict[str, GroupTemplate] = {}

    def add(self, text: str, attachment: dict[str, Any] | None, app: int) -> GroupTemplate:
        if len(self.all) >= self._config.group_welcome_templates:
            raise WeComFault(41055)
        template = GroupTemplate(ids.msgid(), text, attachment, app, self._clock())
        self.all[template.template_id] = template
        return template

    def require(self, template_id: str) -> GroupTemplate:
        """[SIM] the errcode of an unknown one."""
        if template_id not in self.all:
            raise WeComFault(60136)
        return self.all[template_id]

    def require_own(self, template_id: str, app: int) -> GroupTemplate:
        template = self.require(template_id)
        if template.app != app:
            raise WeComFault(41058)
        return template

    def find(self, template_id: str | None) -> GroupTemplate | None:
        return self.all.get(template_id or "")

    def known(self, template_id: str) -> GroupTemplate:
        """For the control API."""
        if template_id not in self.all:
            raise Unknown("group welcome template", template_id)
        return self.all[template_id]
