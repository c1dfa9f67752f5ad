"""入群欢迎语素材: templates of what a group says to who joins. Contract §4.2.

At most 100 in a corp. An owner or admin chooses the template in the client: no API does that.
"""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.messages import TextAndOne
from integrations.wecom.transport import Nothing
from integrations.wecom.types import Shape
from integrations.wecom.wire import Call

MAX_TEXT_BYTES = 3000  # the page of `add`; the page of `edit` says 4000
NICKNAME = "%NICKNAME%"  # in a text, becomes the nickname of who joined

_API = "externalcontact/group_welcome_template"


class GroupWelcome(TextAndOne):
    """A text and at most one object. `notify` tells the group owners, and is not read back."""

    notify: bool = True

    def check(self) -> None:
        self.check_parts("template", MAX_TEXT_BYTES)

    def wire(self) -> dict[str, object]:
        return super().wire() | {"notify": int(self.notify)}


class _Created(Shape):
    template_id: str


class _Found(Shape):
    template: GroupWelcome

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, data: Any) -> Any:
        """The answer is the template, beside errcode and errmsg."""
        return {"template": data}


class WelcomeTemplates(Endpoints):
    async def add_group_welcome(self, template: GroupWelcome) -> str:
        """Its template_id. Not idempotent. Raises QuotaExceeded 41055 at 100 templates."""
        template.check()
        call = Call(f"{_API}/add", body=template.wire())
        return (await self._transport.call(call, _Created)).template_id

    async def edit_group_welcome(self, template_id: str, template: GroupWelcome) -> None:
        """Replaces the whole. Raises Refused 41058 for another app's template."""
        template.check()
        body = {"template_id": template_id, **template.wire()}
        await self._transport.call(Call(f"{_API}/edit", body=body), Nothing)

    async def get_group_welcome(self, template_id: str) -> GroupWelcome:
        """An image comes back as pic_url."""
        call = Call(f"{_API}/get", body={"template_id": template_id})
        return (await self._transport.call(call, _Found)).template

    async def delete_group_welcome(self, template_id: str) -> None:
        body = {"template_id": template_id}
        await self._transport.call(Call(f"{_API}/del", body=body), Nothing)
