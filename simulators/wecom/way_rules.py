"""What a contact way may be (contract §2.1)."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from simulators.errors import WeComFault
from simulators.state.content import Bytes64, Bytes128, Bytes512, Bytes2048, Bytes4000
from simulators.state.media import Media
from simulators.state.ways import DAY_SECONDS, ContactWaySpec
from simulators.world import World

STATE_CHARS = 30
REMARK_CHARS = 30
LONGEST_SECONDS = 14 * DAY_SECONDS
PARTIES = 100  # [SIM] as everywhere else
PRIORITY = ("image", "link", "miniprogram")  # beside the text only the first of these counts


class ConclusionText(BaseModel):
    content: Bytes4000 = ""


class ConclusionImage(BaseModel):
    media_id: str = ""
    pic_url: str = ""  # only in answers


class ConclusionLink(BaseModel):
    title: Annotated[Bytes128, Field(min_length=1)]
    picurl: Bytes2048 = ""
    desc: Bytes512 = ""
    url: Annotated[Bytes2048, Field(min_length=1)]


class ConclusionMiniProgram(BaseModel):
    title: Annotated[Bytes64, Field(min_length=1)]
    pic_media_id: str
    appid: Annotated[str, Field(min_length=1)]
    page: Annotated[str, Field(min_length=1)]


class Conclusions(BaseModel):
    """结束语 of a temporary chat."""

    text: ConclusionText | None = None
    image: ConclusionImage | None = None
    link: ConclusionLink | None = None
    miniprogram: ConclusionMiniProgram | None = None


def checked(spec: ContactWaySpec, world: World, *, members: bool = True) -> ContactWaySpec:
    """The way as WeCom will keep it. An update that names no members does not judge them again."""
    if spec.type not in (1, 2):
        raise WeComFault(41039)
    if spec.scene not in (1, 2):
        raise WeComFault(41040)
    if spec.style is not None and not (spec.scene == 1 and spec.style in (1, 2, 3)):
        raise WeComFault(41042)
    if len(spec.state) > STATE_CHARS:
        raise WeComFault(40058, "state")
    if len(spec.remark) > REMARK_CHARS:
        raise WeComFault(40058, "remark")
    _check_temporary(spec, world)
    if members:
        _check_members(spec, world)
    changes: dict[str, Any] = {"conclusions": kept_conclusions(spec.conclusions, world.media)}
    if spec.mark_source is None:
        changes["mark_source"] = world.config.mark_source
    return spec.model_copy(update=changes)


def kept_conclusions(given: dict[str, Any] | None, media: Media) -> dict[str, Any] | None:
    """An image is kept for ever, so get_contact_way shows its address and no media_id."""
    if given is None:
        return None
    try:
        conclusions = Conclusions.model_validate(given)
    except ValidationError as error:
        raise WeComFault(40058, str(error.errors()[0]["msg"])) from error
    kept = conclusions.model_dump(include={"text"}, exclude_none=True)
    first = next((name for name in PRIORITY if getattr(conclusions, name) is not None), None)
    match first:
        case "image":
            kept["image"] = {"pic_url": _published(conclusions.image or ConclusionImage(), media)}
        case "miniprogram":
            media.require(given["miniprogram"]["pic_media_id"], "image")
            kept["miniprogram"] = given["miniprogram"]
        case "link":
            kept["link"] = given["link"]
    return kept


def _published(image: ConclusionImage, media: Media) -> str:
    """The path under which the picture is served; an address that was given before is kept."""
    known = image.pic_url.rpartition("/")[2].removesuffix(".png")
    if known in media.images:
        return f"pic/{known}.png"
    if not image.media_id:
        raise WeComFault(40058, "conclusions.image")
    return f"pic/{media.publish(media.require(image.media_id, 'image').content)}.png"


def _check_temporary(spec: ContactWaySpec, world: World) -> None:
    if not spec.is_temp:
        if spec.expires_in or spec.chat_expires_in or spec.unionid or spec.conclusions:
            raise WeComFault(40058, "only for a temporary session")
        return
    if not world.config.temporary_ways:
        raise WeComFault(48002, "only for the medical industry")
    if spec.type != 1:
        raise WeComFault(40058, "is_temp has a single member")
    for seconds in (spec.expires_in, spec.chat_expires_in):
        if seconds is not None and not 0 < seconds <= LONGEST_SECONDS:
            raise WeComFault(40058, "expires_in or chat_expires_in")


def _check_members(spec: ContactWaySpec, world: World) -> None:
    if spec.type == 1 and (len(spec.user) > 1 or spec.party):
        raise WeComFault(40058, "type 1 has exactly one user")
    if not (spec.user or spec.party):
        raise WeComFault(40063, "user")
    for department_id in spec.party:
        if department_id not in world.org.departments:
            raise WeComFault(40066)
        if not world.org.department_visible(department_id):
            raise WeComFault(60011, f"department {department_id}")
    if len(spec.party) > PARTIES or _size(spec, world) > world.config.contact_way_users:
        raise WeComFault(41041)
    for userid in spec.user:
        employee = world.org.require_serving(userid, 40003)
        if not employee.activated:
            raise WeComFault(41054, userid)
        if not employee.real_named:
            raise WeComFault(40098, userid)


def _size(spec: ContactWaySpec, world: World) -> int:
    """How many the departments are counts, not how many were named."""
    named = {userid.lower() for userid in spec.user}
    expanded = {employee.userid.lower() for employee in world.org.members_of(spec.party)}
    return len(spec.user) + len(expanded - named)
