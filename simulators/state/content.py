"""The content of welcomes and mass messages, with its limits (contract §4.1, §8.1)."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ValidationError, model_validator

from simulators.errors import WeComFault
from simulators.state.media import Media, Scene

TEXT_BYTES = 4000
ATTACHMENTS = 9


def _at_most(limit: int) -> AfterValidator:
    """WeCom counts bytes of UTF-8, so a Chinese character is three."""

    def check(text: str) -> str:
        if len(text.encode()) > limit:
            raise ValueError(f"longer than {limit} bytes")
        return text

    return AfterValidator(check)


Bytes64 = Annotated[str, _at_most(64)]
Bytes128 = Annotated[str, _at_most(128)]
Bytes512 = Annotated[str, _at_most(512)]
Bytes2048 = Annotated[str, _at_most(2048)]
Bytes4000 = Annotated[str, _at_most(TEXT_BYTES)]


class Text(BaseModel):
    content: str = ""


class Image(BaseModel):
    media_id: str = ""
    pic_url: str = ""

    @model_validator(mode="after")
    def one_of_both(self) -> "Image":
        if not (self.media_id or self.pic_url):
            raise ValueError("neither media_id nor pic_url")
        return self


class Link(BaseModel):
    title: Bytes128
    url: Bytes2048
    picurl: Bytes2048 = ""
    desc: Bytes512 = ""


class MiniProgram(BaseModel):
    title: Bytes64
    pic_media_id: str
    appid: str
    page: str


class MediaFile(BaseModel):
    media_id: str


BODIES: dict[str, type[BaseModel]] = {
    "image": Image,
    "link": Link,
    "miniprogram": MiniProgram,
    "video": MediaFile,
    "file": MediaFile,
}


class Content(BaseModel):
    text: Text = Text()
    attachments: list[dict[str, Any]] = []


def check_content(text: Any, attachments: Any, media: Media) -> Content:
    """Raw JSON in, because a welcome's code is judged before its content (§4.1)."""
    try:
        content = Content.model_validate({"text": text or {}, "attachments": attachments or []})
    except ValidationError as error:
        raise WeComFault(40058, str(error.errors()[0]["msg"])) from error
    for attachment in content.attachments:
        kind = attachment.get("msgtype")
        if not isinstance(kind, str) or kind not in BODIES:
            raise WeComFault(41065)
        check_object(kind, attachment.get(kind), media)
    if len(content.attachments) > ATTACHMENTS:
        raise WeComFault(41064)
    if len(content.text.content.encode()) > TEXT_BYTES:
        raise WeComFault(45002)
    if not (content.text.content or content.attachments):
        raise WeComFault(40063, "text and attachments")
    return content


def check_object(kind: str, given: Any, media: Media, *scenes: Scene) -> BaseModel:
    """One picture, link, mini-program, video or file; `scenes` as in `Media.require`."""
    try:
        body = BODIES[kind].model_validate(given or {})
    except ValidationError as error:
        raise WeComFault(40058, str(error.errors()[0]["msg"])) from error
    match body:
        case MiniProgram(pic_media_id=media_id):
            media.require(media_id, "image", *scenes)
        case MediaFile(media_id=media_id):
            media.require(media_id, "video" if kind == "video" else "file", *scenes)
        case Image(media_id="", pic_url=pic_url):
            _check_uploaded(pic_url, media)
        case Image(media_id=media_id):  # wins over pic_url
            media.require(media_id, "image", *scenes)
    return body


def _check_uploaded(pic_url: str, media: Media) -> None:
    """Only an image of media/uploadimg may be used (§4.1). [SIM] the errcode."""
    key = pic_url.rpartition("/")[2].removesuffix(".png")
    if key not in media.images:
        raise WeComFault(40058, "pic_url is not from media/uploadimg")
