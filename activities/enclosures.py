"""What goes along with a batch's text: a QR picture, and what the playbook attaches."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from activities.attachments import Attachments, media_id_of
from activities.group_pictures import GroupPictures
from activities.media import FORGOTTEN, MediaCache
from domain.rooms import JoinRules
from domain.touches import Content
from integrations import wecom
from settings import Clock
from storage import media, pictures
from storage.database import Database
from storage.tables import EntryCode

PICTURE_SECONDS = 10.0  # to bring a forgotten picture to WeCom once more

Result = TypeVar("Result")
Enclosed = tuple[wecom.Attachment, ...]


async def code_picture(database: Database, client: wecom.WeComClient, state: str) -> bytes | None:
    """The QR picture of an entry code, as WeCom draws it; None for a code that is gone."""
    async with database.transaction() as session:
        code = await session.get(EntryCode, state)
    return await client.fetch_image(code.qr_code) if code and code.qr_code else None


class Enclosures:
    """Of mass messages. A group's picture that cannot be had is left out, as in a greeting."""

    def __init__(self, database: Database, client: wecom.WeComClient, clock: Clock, rules: JoinRules) -> None:
        self._database, self._client, self._clock, self._rules = database, client, clock, rules
        self._attachments = Attachments(database, client, clock)
        self._media = MediaCache(database, client, clock)
        self._pictures = GroupPictures(database, client, clock)

    async def send(self, content: Content, ask: Callable[[Enclosed], Awaitable[Result]]) -> Result:
        """Ask WeCom with what it holds; what it has forgotten is brought there once more, or else left out.

        WeCom refuses such a task as a whole: none has been made.
        """
        for bring in (True, False):
            enclosed = await self._of(content)
            try:
                return await ask(enclosed)
            except wecom.Refused as refusal:
                if refusal.errcode != FORGOTTEN or not any(map(media_id_of, enclosed)):
                    raise
                await self._forget(content, enclosed, bring=bring)
        return await ask(tuple(one for one in enclosed if not media_id_of(one)))

    async def _of(self, content: Content) -> Enclosed:
        attached = await self._attachments.messages_of(content.attachments)
        code = await self._qr(content)
        return (wecom.Image(media_id=code), *attached) if code else attached

    async def _qr(self, content: Content) -> str | None:
        if content.invite_code:
            picture = await code_picture(self._database, self._client, content.invite_code)
            name = f"{content.invite_code}.png"
            return await self._media.media_id(media.IMAGE, name, picture) if picture else None
        if content.invite_to is None:
            return None
        now = self._clock()
        async with self._database.transaction() as session:
            since = self._rules.hand_qr_since(now)
            return await pictures.group_qr(session, content.invite_to, now, since)

    async def _forget(self, content: Content, enclosed: Enclosed, *, bring: bool) -> None:
        qr, rest = (enclosed[:1], enclosed[1:]) if content.invite_to else ((), enclosed)
        await self._attachments.forget(rest)
        for one in qr:
            if picture := media_id_of(one):
                seconds = PICTURE_SECONDS if bring else 0
                await self._pictures.again(content.invite_to or "", picture, seconds=seconds)
