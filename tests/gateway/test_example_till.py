"""What examples/generic_till.py pushes, the gateway takes."""

import json

import pytest
from sqlmodel import select

from examples import generic_till
from storage.tables import TillHint
from tests.gateway.door import NOW, PUSH, Door

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("order.paid", {"order_id": "O1"}),
        ("order.refunded", {"order_id": "O1"}),
        ("coupon.redeemed", {"coupon_id": "C1"}),
        ("member.changed", {"member_id": "M1"}),
    ],
)
async def test_a_push_of_the_example(door: Door, kind: str, subject: dict[str, str]) -> None:
    secret = door.settings.pos_webhook_secret.get_secret_value()
    body = json.dumps({"event_id": "e1", "type": kind, **subject}).encode()
    for key, status in ((secret, 200), (secret, 200), (secret + "x", 403)):
        request = generic_till.signed(f"http://gateway{PUSH}", key, body, NOW)
        answer = await door.http.post(PUSH, content=body, headers=dict(request.header_items()))
        assert answer.status_code == status
    async with door.database.transaction() as session:
        [hint] = (await session.exec(select(TillHint))).all()
    assert (hint.kind, hint.settled_at) == (kind, None)
    assert hint.facts.items() >= subject.items()
