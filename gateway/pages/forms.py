"""`/f/{token}`: a short form for one customer. Her answer stays in its row; her life hears that there is one.

Whoever has the link may answer, so a form never shows what was answered before.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.courier import Parcel
from domain import forms, links
from domain.addresses import customer_id
from domain.events import Event, EventKind, FormName
from domain.links import FormLink
from domain.sealing import BadLink
from gateway import translate
from gateway.bodies import TooLarge, read_body
from gateway.intake import Intake, TryAgain
from gateway.metrics import Metrics
from gateway.pages import rendering, wording
from gateway.pages.refusing import or_refused
from settings import Clock
from storage import answers, inbound
from storage.database import Database
from storage.directory import DEFAULT_ZONE
from storage.tables import Store

MOST_BODY_BYTES = 16 * 1024  # 500 characters of text are at most 6 kB when encoded
MOST_FIELDS = 10

log = logging.getLogger(__name__)


def form_routes(database: Database, intake: Intake, clock: Clock, key: bytes, metrics: Metrics) -> APIRouter:
    """The forms. `key` signs their links."""
    router, desk = APIRouter(include_in_schema=False), FormDesk(database, intake, clock, key, metrics)

    @router.api_route("/f/{token}", methods=["GET", "HEAD"])
    async def form(token: str) -> Response:
        """The empty form."""
        return await or_refused(desk.shown(token), metrics, "form")

    @router.post("/f/{token}")
    async def answered(token: str, request: Request) -> Response:
        """What she answered. The same answer twice is one."""
        return await or_refused(desk.answered(token, request), metrics, "form")

    return router


@dataclass(frozen=True)
class FormDesk:
    """Shows forms and takes answers."""

    database: Database
    intake: Intake
    clock: Clock
    key: bytes
    metrics: Metrics

    async def shown(self, token: str) -> Response:
        link = links.read(token, self.key, self.clock())
        async with self.database.transaction() as session:
            store, today = await self._asked(session, link)
        return _form(link.form, store, today, {}, {})

    async def answered(self, token: str, request: Request) -> Response:
        """Raises BadLink, TooLarge, and what PostgreSQL raises."""
        link = links.read(token, self.key, self.clock())
        said = _fields(await read_body(request, MOST_BODY_BYTES))
        async with self.database.transaction() as session:
            store, today = await self._asked(session, link)
            try:
                found = forms.check(link.form, said, today)
            except forms.NotValid as error:
                return _form(link.form, store, today, said, error.problems)
            # One transaction: an answer without its event would be forgotten.
            new = await self._keep(session, link, found)
        self.metrics.facts.labels("form", "new" if new else "repeated").inc()
        await self._tell(customer_id(link.external_userid))
        thanks = wording.WORDS[link.form].thanks
        return rendering.message("收到，谢谢您", thanks, 200, store=_name(store), done=True)

    async def _asked(self, session: AsyncSession, link: FormLink) -> tuple[Store | None, date]:
        """Her store and today's date there. Raises BadLink for somebody we do not know (any more)."""
        found = await answers.asked(session, link.external_userid)
        if found is None:
            raise BadLink("for nobody we know")
        store = found[1]
        zone = ZoneInfo(store.zone if store else DEFAULT_ZONE)
        return store, self.clock().astimezone(zone).date()

    async def _keep(self, session: AsyncSession, link: FormLink, found: Mapping[str, Any]) -> bool:
        """The answer and its event, once; whether it is new."""
        digest, now = await self._identity(session, link, found), self.clock()
        row_id = await answers.keep(session, link.external_userid, link.form, found, digest=digest, now=now)
        event = Event(id=digest, kind=EventKind.FORM_ANSWERED, at=now, form=link.form.value, answer_id=row_id)
        return await inbound.store(
            session,
            digest=digest,
            source="form",
            subject=customer_id(link.external_userid),
            body=Parcel(event=event).model_dump(mode="json"),
            now=now,
        )

    async def _identity(self, session: AsyncSession, link: FormLink, found: Mapping[str, Any]) -> str:
        """A double tap is one answer; a correction is another, also one back to what she said first."""
        newest, before = [*await answers.digests(session, link.external_userid, link.form, 2), "", ""][:2]
        again = _digest(link, found, before)
        return again if again == newest else _digest(link, found, newest)

    async def _tell(self, subject: str) -> None:
        try:
            await self.intake.deliver(subject)
        except TryAgain:
            log.warning("an answer is stored and waits for the sweep: %s", subject)


def _form(
    form: FormName, store: Store | None, today: date, said: Mapping[str, str], problems: Mapping[str, str]
) -> Response:
    """The form, with what she just typed and what is wrong with it."""
    words, fields = wording.WORDS[form], forms.FORMS[form].model_fields
    child = form is FormName.CHILD_BIRTHDAY
    earliest, latest = forms.child_birthdays(today) if child else forms.due_dates(today)
    return rendering.page(
        f"{form}.html",
        422 if problems else 200,
        title=words.title,
        text=words.text,
        privacy=words.privacy,
        store=_name(store),
        said={name: said.get(name, "") for name in fields},
        problems={name: problems.get(name) for name in fields},
        first=next((name for name in wording.ON_SCREEN[form] if name in problems), None),
        earliest=earliest.isoformat(),
        latest=latest.isoformat(),
        ratings=wording.RATINGS,
        text_chars=forms.TEXT_CHARS,
    )


def _fields(body: bytes) -> dict[str, str]:
    """Raises TooLarge for more fields than any form has."""
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise TooLarge(f"over {MOST_FIELDS} fields") from None
    return {name: values[0] for name, values in fields.items()}


def _digest(link: FormLink, found: Mapping[str, Any], before: str) -> str:
    """Of the link, the answers and the digest of the answer before them."""
    whole = [link.external_userid, link.form, int(link.expires_at.timestamp()), found, before]
    return translate.digest(b"form", json.dumps(whole, sort_keys=True).encode())


def _name(store: Store | None) -> str:
    return store.name if store else "本店"
