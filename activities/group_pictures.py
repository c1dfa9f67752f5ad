"""The QR pictures of groups: brought to WeCom ahead of any greeting, and again when WeCom forgot one."""

import asyncio
import logging

from activities.media import MediaCache
from integrations import wecom
from settings import Clock
from storage import media, pictures
from storage.database import Database
from storage.tables import Group

log = logging.getLogger(__name__)


class GroupPictures:
    """Of a join way, or exported by hand."""

    def __init__(self, database: Database, client: wecom.WeComClient, clock: Clock) -> None:
        self._database, self._client = database, client
        self._media = MediaCache(database, client, clock)

    async def upload(self, group: Group) -> None:
        """Fetch the picture if it is another one than before, keep it, and bring it to WeCom."""
        content = await self._content(group)
        async with self._database.transaction() as session:
            await pictures.keep(session, group.chat_id, pictures.source_of(group), content)
        await self._media.media_id(media.IMAGE, f"{group.chat_id}.png", content)

    async def again(self, chat_id: str, media_id: str, *, seconds: float) -> str | None:
        """A new id for a picture that WeCom has forgotten; None if it cannot be had in time."""
        await self._media.forget(media_id)
        async with self._database.transaction() as session:
            picture = await pictures.kept(session, chat_id)
        if picture is None or seconds <= 0:
            return None
        try:
            async with asyncio.timeout(seconds):
                return await self._media.media_id(media.IMAGE, f"{chat_id}.png", picture.content)
        except (wecom.WeComError, TimeoutError) as error:
            log.warning("the picture of group/%s is left out: %s", chat_id, type(error).__name__)
            return None

    async def _content(self, group: Group) -> bytes:
        if not group.join_config_id:
            assert group.hand_qr is not None  # or there would be nothing to upload
            return group.hand_qr
        way = await self._client.get_join_way(group.join_config_id)  # also says if it was deleted
        async with self._database.transaction() as session:
            kept = await pictures.kept(session, group.chat_id)
        if kept and kept.source == pictures.source_of(group):
            return kept.content
        return await self._client.fetch_image(way.qr_code)
