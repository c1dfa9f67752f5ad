"""The card of a to-do about a customer, with her name: looked up when it is sent, and nowhere kept."""

from typing import Any
from zoneinfo import ZoneInfo

from domain import todos
from domain.todos import Card, Draft
from integrations import wecom
from playbooks import templates
from settings import Clock
from storage import notices
from storage.database import Database
from storage.directory import DEFAULT_ZONE
from storage.notices import Around
from storage.tables import Todo

SOMEBODY = "顾客"  # whose name WeCom does not tell us
NO_STORE = "本店"
_NOBODY = {84061, 40096}  # no employee of ours is her friend any more


class CustomerCards:
    """Her name is asked of WeCom for every card."""

    def __init__(self, database: Database, client: wecom.WeComClient, clock: Clock) -> None:
        self._database, self._client, self._clock = database, client, clock

    async def card(self, row: Todo) -> Card:
        """Raises TemplateError for a text that cannot be filled in, WeComError when WeCom does not answer."""
        draft, external_userid = Draft.model_validate(row.card), row.external_userid or ""
        async with self._database.transaction() as session:
            around = await notices.around(session, external_userid, row.userid)
        nickname, remark = await self._names(external_userid, row.userid)
        mine = f"您的{SOMEBODY}" if remark is not None else SOMEBODY
        values = self._values(draft.benefit, around, nickname or mine)
        return todos.about(
            templates.render(draft.title, values),
            templates.render(draft.text, values),
            remark or nickname or "",
            around.store.name if around.store else "",
        )

    async def _names(self, external_userid: str, userid: str) -> tuple[str, str | None]:
        """As she calls herself, and as she is called in this employee's WeCom; None: not her customer."""
        try:
            detail = await self._client.get_external_contact(external_userid)
        except wecom.WeComError as error:
            if error.errcode in _NOBODY:
                return "", None
            raise
        remarks = [pair.remark for pair in detail.follow_user if pair.userid == userid]
        return detail.external_contact.name, remarks[0] if remarks else None

    def _values(self, benefit: str | None, around: Around, nickname: str) -> dict[str, Any]:
        zone = ZoneInfo(around.store.zone if around.store else DEFAULT_ZONE)
        names = {
            "customer": nickname,
            "store": around.store.name if around.store else NO_STORE,
            "employee": around.employee.name if around.employee else "",
        }
        cut = {of: todos.short(name, todos.NAME_CHARS) for of, name in names.items()}
        return {
            "customer": {"nickname": cut["customer"]},
            "store": {"name": cut["store"]},
            "employee": {"name": cut["employee"]},
            "date": templates.local_date(self._clock().astimezone(zone).date()),
            "benefit": benefit or "",
        }
