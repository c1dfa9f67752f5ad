"""What a playbook attaches to a message, as WeCom takes it: links, mini programs, pictures."""

import logging
from collections.abc import Mapping, Sequence

from activities.media import MediaCache
from domain.playbook import Attachment, MiniProgram
from integrations import wecom
from settings import Clock
from storage import media, playbook_pictures
from storage.database import Database
from storage.tables import PlaybookPicture

log = logging.getLogger(__name__)


class Attachments:
    """Pictures are those of the published version. One that cannot be had is left out: the message is not."""

    def __init__(self, database: Database, client: wecom.WeComClient, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._media = MediaCache(database, client, clock)

    async def messages_of(self, attachments: Sequence[Attachment]) -> tuple[wecom.Attachment, ...]:
        """Brings to WeCom what it does not hold: may take as long. Raises WeComError when it cannot."""
        found: dict[str, str] = {}
        for digest in digests(attachments):
            async with self._database.transaction() as session:
                picture = await playbook_pictures.of(session, digest)
            if picture:
                found[digest] = await self.bring(picture)
        return as_wecom(attachments, found)

    async def held(self, attachments: Sequence[Attachment]) -> tuple[wecom.Attachment, ...]:
        """With the pictures that WeCom holds already; asks nobody but the database, and only for pictures."""
        found: dict[str, str] = {}
        if wanted := digests(attachments):
            async with self._database.transaction() as session:
                found = await playbook_pictures.held(session, wanted, self._clock())
        return as_wecom(attachments, found)

    async def bring(self, picture: PlaybookPicture) -> str:
        """The id under which WeCom holds it for at least half a day more."""
        name = f"{picture.digest[:16]}.{picture.content_type.removeprefix('image/')}"
        return await self._media.media_id(media.IMAGE, name, picture.content)

    async def forget(self, attachments: Sequence[wecom.Attachment]) -> None:
        """WeCom has answered FORGOTTEN: pictures are uploaded anew when they are asked for."""
        for one in attachments:
            if media_id := media_id_of(one):
                await self._media.forget(media_id)


def digests(attachments: Sequence[Attachment]) -> list[str]:
    """Of all their pictures, each once."""
    pictures = (one.picture or one.miniprogram for one in attachments)
    return list(dict.fromkeys(p.digest for p in pictures if p and p.digest))


def media_id_of(attachment: wecom.Attachment) -> str | None:
    """Of a picture that WeCom holds for us; None of a link."""
    if isinstance(attachment, wecom.Image):
        return attachment.media_id
    return attachment.pic_media_id if isinstance(attachment, wecom.MiniProgram) else None


def as_wecom(attachments: Sequence[Attachment], held: Mapping[str, str]) -> tuple[wecom.Attachment, ...]:
    """In the author's order; what needs a picture that is not `held` (by digest) is left out."""
    made = [_one(attachment, held) for attachment in attachments]
    if missing := made.count(None):
        log.warning("%d attachments are left out: WeCom does not hold their pictures", missing)
    return tuple(one for one in made if one)


def _one(attachment: Attachment, held: Mapping[str, str]) -> wecom.Attachment | None:
    if link := attachment.link:
        return wecom.Link(title=link.title, url=link.url, desc=link.desc, picurl=link.picture)
    if program := attachment.miniprogram:
        return _program(program, held.get(program.digest or ""))
    assert attachment.picture is not None
    picture = held.get(attachment.picture.digest or "")
    return wecom.Image(media_id=picture) if picture else None


def _program(program: MiniProgram, picture: str | None) -> wecom.MiniProgram | None:
    if picture is None:
        return None
    return wecom.MiniProgram(
        title=program.title, appid=program.appid, page=program.page, pic_media_id=picture
    )
