"""What a moment may hold (contract §8.3): pictures, or one video, or one link."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from simulators.errors import WeComFault
from simulators.state.content import Bytes64, Bytes2048, Text
from simulators.state.media import Media

TEXT_CHARS = 2000
PICTURES = 9


class _Picture(BaseModel):
    media_id: str


class _Link(BaseModel):
    title: Bytes64 = ""
    url: Annotated[Bytes2048, Field(min_length=1)]
    media_id: str


KINDS: dict[str, type[_Picture] | type[_Link]] = {"image": _Picture, "video": _Picture, "link": _Link}


def check_moment_content(text: Any, attachments: Any, media: Media) -> tuple[str, list[dict[str, Any]]]:
    """The texts of the faults are WeCom's own; [SIM] the errcodes that go with them."""
    try:
        words = Text.model_validate(text or {}).content
        given = _Attachments.model_validate({"given": attachments or []}).given
        for attachment in given:
            _check_one(attachment, media)
    except ValidationError as error:
        raise WeComFault(40058, str(error.errors()[0]["msg"])) from error
    if len(words) > TEXT_CHARS:
        raise WeComFault(45002, "invalid text size")
    if not words and not given:
        raise WeComFault(41089 if attachments is None else 41088)
    if len(given) > PICTURES:
        raise WeComFault(41064, "invalid attachments size")
    kinds = {attachment["msgtype"] for attachment in given}
    if len(kinds) > 1 or (len(given) > 1 and kinds != {"image"}):
        raise WeComFault(41065, "invalid attachments msgtype")
    return words, given


class _Attachments(BaseModel):
    given: list[dict[str, Any]]


def _check_one(attachment: dict[str, Any], media: Media) -> None:
    kind = attachment.get("msgtype")
    if not isinstance(kind, str) or kind not in KINDS:
        raise WeComFault(41065, "invalid attachments msgtype")
    body = KINDS[kind].model_validate(attachment.get(kind) or {})
    type_: Literal["image", "video"] = "video" if kind == "video" else "image"
    media.require_for_moment(body.media_id, type_)
