"""What a customer receives: a text and up to nine attachments. Contract §4.1 and §8.1 (the same limits)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_bytes, at_most_items

MAX_TEXT_BYTES = 4000
MAX_ATTACHMENTS = 9
MAX_LINK_TITLE_BYTES = 128
MAX_LINK_DESC_BYTES = 512
MAX_URL_BYTES = 2048
MAX_MINIPROGRAM_TITLE_BYTES = 64


class _Attachment(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    def check(self, field: str) -> None:
        """Raises InvalidMessage; `field` is where this attachment stands."""


class Image(_Attachment):
    """One of the two; media_id wins. A pic_url must come from media/uploadimg."""

    msgtype: Literal["image"] = "image"
    media_id: str | None = None
    pic_url: str | None = None

    def check(self, field: str) -> None:
        if not (self.media_id or self.pic_url):
            raise InvalidMessage(field, "give media_id or pic_url")


class Link(_Attachment):
    msgtype: Literal["link"] = "link"
    title: str
    url: str
    picurl: str | None = None
    desc: str | None = None

    def check(self, field: str) -> None:
        at_most_bytes(f"{field}.title", self.title, MAX_LINK_TITLE_BYTES)
        at_most_bytes(f"{field}.desc", self.desc or "", MAX_LINK_DESC_BYTES)
        at_most_bytes(f"{field}.url", self.url, MAX_URL_BYTES)
        at_most_bytes(f"{field}.picurl", self.picurl or "", MAX_URL_BYTES)


class MiniProgram(_Attachment):
    msgtype: Literal["miniprogram"] = "miniprogram"
    title: str
    pic_media_id: str
    appid: str
    page: str

    def check(self, field: str) -> None:
        at_most_bytes(f"{field}.title", self.title, MAX_MINIPROGRAM_TITLE_BYTES)


class Video(_Attachment):
    msgtype: Literal["video"] = "video"
    media_id: str


class File(_Attachment):
    msgtype: Literal["file"] = "file"
    media_id: str


Attachment = Annotated[Image | Link | MiniProgram | Video | File, Field(discriminator="msgtype")]


class Message(BaseModel):
    """The text and each attachment arrive as messages of their own."""

    model_config = ConfigDict(frozen=True)

    text: str = ""
    attachments: tuple[Attachment, ...] = ()

    def check(self) -> None:
        """Raises InvalidMessage for what WeCom would refuse; every send calls it first."""
        if not self.text and not self.attachments:
            raise InvalidMessage("message", "give a text or an attachment")
        at_most_bytes("text", self.text, MAX_TEXT_BYTES)
        at_most_items("attachments", self.attachments, MAX_ATTACHMENTS)
        for number, attachment in enumerate(self.attachments):
            attachment.check(f"attachments[{number}]")

    def wire(self) -> dict[str, object]:
        """The `text` and `attachments` of a request; an empty part is left out."""
        parts: dict[str, object] = {}
        if self.text:
            parts["text"] = {"content": self.text}
        if self.attachments:
            parts["attachments"] = [
                {"msgtype": one.msgtype, one.msgtype: one.model_dump(exclude={"msgtype"}, exclude_none=True)}
                for one in self.attachments
            ]
        return parts
