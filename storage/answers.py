"""What customers answered in forms. Personal: nothing but the row's id leaves this table."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.events import FormName
from storage.tables import Customer, FormAnswer, Store


async def asked(session: AsyncSession, external_userid: str) -> tuple[Customer, Store | None] | None:
    """The customer whom a link asks, and her store; None for somebody we do not know (any more)."""
    query = select(Customer, Store).join(Store, isouter=True)
    return (await session.exec(query.where(Customer.external_userid == external_userid))).first()


async def digests(session: AsyncSession, external_userid: str, form: FormName, most: int) -> list[str]:
    """Of her last answers to a form, the newest first."""
    query = select(FormAnswer.digest).where(
        FormAnswer.external_userid == external_userid, FormAnswer.form == form.value
    )
    return list((await session.exec(query.order_by(col(FormAnswer.id).desc()).limit(most))).all())


async def keep(
    session: AsyncSession,
    external_userid: str,
    form: FormName,
    answers: Mapping[str, Any],
    *,
    digest: str,
    now: datetime,
) -> int:
    """Keep an answer once by digest; returns its row's id, also of the row that was there already."""
    row = {
        "external_userid": external_userid,
        "form": form.value,
        "answers": dict(answers),
        "digest": digest,
        "at": now,
    }
    statement = insert(FormAnswer).values(row).on_conflict_do_nothing(index_elements=["digest"])
    made = (await session.exec(statement.returning(col(FormAnswer.id)))).first()
    if made is not None:
        return int(made[0])
    found = (await session.exec(select(FormAnswer.id).where(FormAnswer.digest == digest))).one()
    assert found is not None
    return found
