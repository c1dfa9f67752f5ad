"""To-dos as WeCom knows them: a template card (模板卡片) with buttons, sent to one employee."""

import logging
from datetime import timedelta

from temporalio import activity

from activities.courier import Courier
from activities.customer_cards import CustomerCards
from activities.failures import not_yet, translated
from activities.telling import tell_settled
from domain import addresses, todos
from domain.messages import CloseTodo, TodoRef, TodoState
from domain.todos import Card
from integrations import wecom
from playbooks.templates import TemplateError
from settings import Clock
from storage import group_checks, notices
from storage import todos as rows
from storage.database import Database
from storage.tables import Todo
from storage.todos import Claim, Status

ADMIN_TIME = timedelta(minutes=10)  # between two tries while the app is misconfigured
_SAID = {todos.DONE: "已处理", todos.LATER: "明天提醒", None: "已过期"}

log = logging.getLogger(__name__)


class Todos:
    """Sends each card once, and changes its buttons when it is over."""

    def __init__(self, database: Database, client: wecom.WeComClient, courier: Courier, clock: Clock) -> None:
        self._database, self._client, self._courier, self._clock = database, client, courier, clock
        self._about_customers = CustomerCards(database, client, clock)

    @activity.defn
    async def send_todo(self, what: TodoRef) -> TodoState:
        """Send the card when it is due. Raises NotYet while the employee has had too many messages.

        WeCom drops more than 30 a minute without a word, so we wait instead (contract §10.1). A card without
        an answer is repeated: WeCom drops the same request, so it arrives once.
        """
        async with self._database.transaction() as session:
            await notices.drop_if_unwanted(session, what.todo_id, self._clock())
            claim = await rows.claim(session, what.todo_id, self._clock())
            if claim:
                await notices.settle_touch(session, claim.todo, self._clock())
        if claim is None:
            return TodoState(status="nobody's", reason="no to-do of ours has this id")
        if claim.wait:
            raise not_yet("the employee has had many messages just now", again_in=claim.wait)
        row = claim.todo
        if claim.mine:
            with translated():
                row = await self._send(claim)
        await self._tell_waiting(row)
        return _state(row)

    @activity.defn
    async def close_todo(self, what: CloseTodo) -> TodoState:
        """Settle it by the button that was tapped, and show that on the card."""
        async with self._database.transaction() as session:
            row, closed = await rows.close(session, what.todo_id, what.answer, self._clock())
            if closed:
                await group_checks.confirm(session, row, self._clock())
            await notices.settle_touch(session, row, self._clock())
        if closed and row.response_code:
            await self._show(row, what.answer)
        await self._tell_waiting(row)
        return _state(row)

    async def _send(self, claim: Claim) -> Todo:
        row = claim.todo
        try:
            card = await self._about_customers.card(row) if row.external_userid else _written(row)
            answer = await self._client.send_template_card(
                [row.userid],
                _card(row, card),
                duplicate_check_seconds=int(todos.DUPLICATES_FOR.total_seconds()),
            )
        except wecom.Misconfigured as error:
            return await self._until_mended(claim, str(error)[:200])
        except (wecom.Refused, wecom.BusinessState, wecom.InvalidMessage, TemplateError) as refusal:
            return await self._refuse(row, str(refusal)[:200])
        except wecom.WeComError as error:
            if not getattr(error, "maybe_done", False):
                await self._release(claim)
            raise
        if answer.invaliduser:
            return await self._refuse(row, "she is outside the app's visible range (应用可见范围)")
        async with self._database.transaction() as session:
            row = await rows.sent(session, row.id, answer.response_code or None, self._clock())
            await notices.settle_touch(session, row, self._clock())
        return row

    async def _until_mended(self, claim: Claim, reason: str) -> Todo:
        """The app may not send until an admin acts. The card waits for that while it is of use."""
        if self._clock() - claim.todo.due_at > todos.LAPSES_AFTER:
            return await self._refuse(claim.todo, reason)
        await self._release(claim)
        raise not_yet(reason, again_in=ADMIN_TIME)

    async def _release(self, claim: Claim) -> None:
        """WeCom has not sent it, unless an earlier try without an answer has arrived."""
        if claim.first:
            async with self._database.transaction() as session:
                await rows.release(session, claim.todo.id)

    async def _refuse(self, row: Todo, reason: str) -> Todo:
        log.error("to-do %s for %s was refused: %s", row.id, row.userid, reason)
        async with self._database.transaction() as session:
            row = await rows.refuse(session, row.id, reason, self._clock())
            await notices.settle_touch(session, row, self._clock())
        return row

    async def _tell_waiting(self, row: Todo) -> None:
        """A message that an employee writes by hand: only a life that waits for it costs a signal."""
        async with self._database.transaction() as session:
            touch = await notices.awaited(session, row)
        await tell_settled(self._courier, "todo", [touch] if touch else [], self._clock())

    async def _show(self, row: Todo, answer: str | None) -> None:
        """Only what the card looks like: the answer is recorded, so a failure here is told and no more."""
        try:
            await self._client.update_template_card(
                row.response_code or "", [row.userid], replace_name=_SAID.get(answer, _SAID[todos.DONE])
            )
        except wecom.WeComError as error:
            log.warning("the card of to-do %s still shows its buttons: %s", row.id, error)


def _written(row: Todo) -> Card:
    return Card.model_validate(row.card)


def _card(row: Todo, card: Card) -> wecom.TemplateCard:
    return wecom.ButtonInteraction(
        task_id=addresses.card_task_id(row.id, row.attempt),
        main_title=wecom.CardTitle(title=card.title, desc=card.text),
        horizontal_content_list=tuple(
            wecom.CardLine(keyname=name, value=value) for name, value in card.lines
        ),
        card_action=wecom.CardAction(url=card.url) if card.url else None,
        button_list=tuple(wecom.CardButton(text=b.text, key=b.key) for b in todos.BUTTONS),
    )


def _state(row: Todo) -> TodoState:
    state = TodoState(status=row.status, reason=row.reason, attempt=row.attempt)
    if row.status == Status.SENT and row.sent_at:
        state.open_until = row.sent_at + todos.LAPSES_AFTER
    if row.status == Status.PLANNED:
        state.again_at = row.due_at
    return state
