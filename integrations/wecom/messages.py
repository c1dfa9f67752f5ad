"""What a customer receives: a text and up to nine attachments. Contract §4.1 and §8.1 (the same limits)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_bytes, at_most_items
from integrations.wecom.types import content_of

MAX_TEXT_BYTES = 4000
MAX_ATTACHMENTS = 9
MAX_LINK_TITLE_BYTES = 128
MAX_LINK_DESC_BYTES = 512
MAX_URL_BYTES = 2048
MAX_MINIPROGRAM_TITLE_BYTES = 64


class _Attachment(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")
    msgtype: str

    def check(self, field: str) -> None:
        """Raises InvalidMessage; `field` is where this attachment stands."""

    def wire(self) -> dict[str, object]:
        """The object under the name of its type."""
        return {self.msgtype: self.model_dump(exclude={"msgtype"}, exclude_none=True)}


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
            parts["attachments"] = [{"msgtype": one.msgtype, **one.wire()} for one in self.attachments]
        return parts


class TextAndOne(BaseModel):
    """A text and at most one object: where WeCom takes several, it uses the first of this order."""

    model_config = ConfigDict(frozen=True)

    text: str = ""
    attachment: Attachment | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_wire(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "attachment" in data:
            return data
        fields = {**data, "text": content_of(data.get("text") or "")}
        for kind in ("image", "link", "miniprogram", "file", "video"):
            if isinstance(data.get(kind), dict):
                return {**fields, "attachment": {"msgtype": kind, **data[kind]}}
        return fields

    def wire(self) -> dict[str, object]:
        parts: dict[str, object] = {"text": {"content": self.text}} if self.text else {}
        return parts | (self.attachment.wire() if self.attachment else {})

    def check_parts(self, field: str, max_text_bytes: int) -> None:
        """Raises InvalidMessage; `field` is where the whole stands."""
        if not self.text and self.attachment is None:
            raise InvalidMessage(field, "give a text or an attachment")
        at_most_bytes(f"{field}.text", self.text, max_text_bytes)
        if self.attachment:
            self.attachment.check(f"{field}.attachment")
