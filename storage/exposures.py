"""Which arm of an experiment each customer came into: what a result is counted from."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import experiments
from domain.playbook import Holdout
from storage.tables import Exposure

HELD_OUT, TREATED = "holdout", "treated"  # the arms of a control group


async def expose(
    session: AsyncSession,
    external_userid: str,
    experiment: str,
    arm: str,
    *,
    arms: Collection[str],
    playbook: str,
    now: datetime,
) -> str:
    """Record that she comes into an arm; returns hers. The first one stays, whatever is drawn later.

    Only an arm that there is no more, because it is not among `arms`, is replaced.
    """
    fresh = {"arm": arm, "playbook": playbook, "at": now}
    statement = insert(Exposure).values(external_userid=external_userid, experiment=experiment, **fresh)
    await session.exec(
        statement.on_conflict_do_update(
            index_elements=["external_userid", "experiment"],
            set_=fresh,
            where=col(Exposure.arm).not_in(arms),
        )
    )
    row = await session.get_one(Exposure, (external_userid, experiment))
    return row.arm


async def why_held_out(
    session: AsyncSession,
    external_userid: str,
    holdout: Holdout | None,
    *,
    playbook: str | None,
    now: datetime,
) -> str | None:
    """Why the control group gets nothing; None if she is not in it.

    Drawn at the first message, coupon or to-do that is intended for her; it stays, and it is on record before
    anything follows from it.
    """
    if holdout is None or playbook is None:
        return None
    arm = HELD_OUT if experiments.held_out(external_userid, holdout) else TREATED
    arms, name = (HELD_OUT, TREATED), holdout.experiment
    hers = await expose(session, external_userid, name, arm, arms=arms, playbook=playbook, now=now)
    return f"she is in the control group of {name}" if hers == HELD_OUT else None
