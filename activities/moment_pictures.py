"""What a moment shows beside its text: pictures, or one link with its picture."""

from collections.abc import Awaitable, Callable

from activities.enclosures import code_picture
from activities.media import FORGOTTEN, MediaCache
from domain.playbook import Attachment, Link
from domain.touches import Content
from integrations import wecom
from settings import Clock
from storage import pictures, playbook_pictures
from storage.database import Database

Ask = Callable[[tuple[str, ...], wecom.MomentLink | None], Awaitable[str]]


class MomentPictures:
    """Moments take no media_id of mass messages: everything is brought to WeCom once more for them."""

    def __init__(self, database: Database, client: wecom.WeComClient, clock: Clock) -> None:
        self._database, self._client = database, client
        self._media = MediaCache(database, client, clock)

    async def send(self, content: Content, ask: Ask) -> str:
        """Ask WeCom. What it has forgotten is brought there once more: none has been made."""
        images, link = await self._bring(content)
        try:
            return await ask(images, link)
        except wecom.Refused as refusal:
            if refusal.errcode != FORGOTTEN:
                raise
        for media_id in (*images, *([link.media_id] if link else [])):
            await self._media.forget(media_id)
        return await ask(*await self._bring(content))

    async def _bring(self, content: Content) -> tuple[tuple[str, ...], wecom.MomentLink | None]:
        found = [await self._qr(content), *[await self._picture(one) for one in content.attachments]]
        images = [await self._media.for_moments("picture.png", one) for one in found if one]
        links = [one.link for one in content.attachments if one.link]
        return tuple(images), await self._link(links[0]) if links else None

    async def _qr(self, content: Content) -> bytes | None:
        if content.invite_code:
            return await code_picture(self._database, self._client, content.invite_code)
        if content.invite_to is None:
            return None
        async with self._database.transaction() as session:
            kept = await pictures.kept(session, content.invite_to)
        return kept.content if kept else None

    async def _picture(self, attachment: Attachment) -> bytes | None:
        if attachment.picture is None or attachment.picture.digest is None:
            return None
        async with self._database.transaction() as session:
            kept = await playbook_pictures.of(session, attachment.picture.digest)
        return kept.content if kept else None

    async def _link(self, link: Link) -> wecom.MomentLink:
        """Raises InvalidMessage for a link without a picture: Moments want one."""
        if not link.picture:
            raise wecom.InvalidMessage("attachments.link.picture", "Moments show no link without a picture")
        picture = await self._client.fetch_image(link.picture)
        media_id = await self._media.for_moments("link.png", picture)
        return wecom.MomentLink(title=link.title, url=link.url, media_id=media_id)
