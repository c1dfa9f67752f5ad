"""Files that WeCom holds: a content is uploaded once in 2.5 days, whoever sends it (contract §11.2)."""

from integrations import wecom
from settings import Clock
from storage import media
from storage.database import Database

FORGOTTEN = 40007  # an invalid or expired media_id: what it was sent with was refused as a whole


class MediaCache:
    """By content: a picture that two stores share is uploaded once. Two processes at once may do it twice."""

    def __init__(self, database: Database, client: wecom.WeComClient, clock: Clock) -> None:
        self._database, self._client, self._clock = database, client, clock

    async def media_id(self, kind: wecom.MediaKind, filename: str, content: bytes) -> str:
        """The id under which WeCom holds this content for at least half a day more."""
        digest = media.sha256(content)
        async with self._database.transaction() as session:
            known = await media.young(session, digest, kind, self._clock())
        if known:
            return known
        uploaded = await self._client.upload_media(kind, filename, content)
        async with self._database.transaction() as session:
            await media.remember(session, digest, kind, uploaded.media_id, uploaded.created_at)
        return uploaded.media_id

    async def for_moments(self, filename: str, content: bytes) -> str:
        """The same for Moments, which take no other media_id (contract §8.3)."""
        digest = media.sha256(content)
        async with self._database.transaction() as session:
            known = await media.young(session, digest, media.MOMENTS_IMAGE, self._clock())
        if known:
            return known
        uploaded = await self._client.upload_attachment("image", filename, content)
        async with self._database.transaction() as session:
            await media.remember(session, digest, media.MOMENTS_IMAGE, uploaded.media_id, uploaded.created_at)
        return uploaded.media_id

    async def forget(self, media_id: str) -> None:
        """WeCom has answered FORGOTTEN: the content is uploaded anew when it is asked for."""
        async with self._database.transaction() as session:
            await media.forget(session, media_id)
