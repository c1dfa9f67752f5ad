"""No secret and nothing personal in any log line, nor in any Temporal history."""

import json
import logging
from dataclasses import dataclass, field

import pytest
from temporalio.api.history.v1 import History
from temporalio.testing import WorkflowEnvironment

from domain import addresses
from integrations import wecom
from storage.tables import AccessToken
from tests.corp import Corp, running_corp

pytestmark = pytest.mark.anyio

NICKNAME, PHONE = "独一无二的昵称", "13800000001"
PACKAGES = ("activities", "domain", "gateway", "integrations", "storage", "workflows", "worker", "starter")
LOGGERS = (*PACKAGES, "httpx", "httpcore", "temporalio")
SEND = "externalcontact/send_welcome_msg"


@dataclass
class Told:
    """What one onboarding left behind in logs and histories, and what must not be there."""

    log: str
    lives: bytes
    greeting: bytes
    code: str = field(repr=False)
    secrets: dict[str, str] = field(repr=False)


@pytest.fixture
async def told(skipping: WorkflowEnvironment, database_url: str, caplog: pytest.LogCaptureFixture) -> Told:
    """She scans, is greeted after a lost answer, joins and buys; everything logs at DEBUG."""
    for name in LOGGERS:
        caplog.set_level(logging.DEBUG, logger=name)
    async with running_corp(skipping, database_url) as corp:
        she = await corp.newcomer(NICKNAME)
        unionid = corp.world.people.customer(she).unionid or ""
        member = await corp.do("till/members", unionid=unionid, phone=f"+86{PHONE}", name=NICKNAME)
        await corp.do("faults", api=SEND, kind="timeout_after")
        await corp.scan(she)
        await corp.http.post(f"{corp.gateway_url}/wecom/callback", content=b"<xml>refused</xml>")
        await corp.until_logged(she, "tagged")
        await corp.join(she)
        await corp.do("till/orders", store_id="S002", member_id=member["member_id"], amount_minor=100)
        await corp.until_stage(she, "regular")
        code = welcome_code(corp)
        return Told(
            log=caplog.text,
            lives=await histories(corp, f"customer/{she}", f"group/{corp.groups['S002']}"),
            greeting=await histories(corp, addresses.welcome_id("li", she, code)),
            code=code,
            secrets=await secrets_of(corp) | {"unionid": unionid},
        )


async def histories(corp: Corp, *workflow_ids: str) -> bytes:
    """As bytes: in the JSON form of a history the payloads are base64, and nothing would ever be found."""
    found = [await corp.history(workflow_id) for workflow_id in workflow_ids]
    return b"".join(History(events=history.events).SerializeToString() for history in found)


def welcome_code(corp: Corp) -> str:
    events = (wecom.parse_event(d.content.encode()) for d in corp.world.callbacks.outbox.log)
    return next(e.welcome_code or "" for e in events if isinstance(e, wecom.ContactEvent))


async def secrets_of(corp: Corp) -> dict[str, str]:
    settings = corp.settings
    async with corp.database.transaction() as session:
        app = f"{settings.wecom_corp_id}/{settings.wecom_agent_id}"
        token = (await session.get_one(AccessToken, app)).value
    return {
        "nickname": NICKNAME,
        "nickname in JSON": json.dumps(NICKNAME).strip('"'),
        "phone": PHONE,
        "access token": token,
        "app secret": settings.wecom_secret.get_secret_value(),
        "callback token": settings.wecom_callback_token.get_secret_value(),
        "callback key": settings.wecom_callback_aes_key.get_secret_value(),
        "till key": settings.pos_api_key.get_secret_value(),
        "till secret": settings.pos_webhook_secret.get_secret_value(),
    }


async def test_neither_logs_nor_histories_tell_a_secret(told: Told) -> None:
    assert [name for name, secret in told.secrets.items() if secret in told.log] == []
    everything = told.lives + told.greeting
    assert [name for name, secret in told.secrets.items() if secret.encode() in everything] == []
    # The one-time code travels in the input of its own greeting (design §2) and nowhere else.
    assert told.code not in told.log
    assert told.code.encode() not in told.lives
    # And this is no empty finding: both were really written, and in a form that would show it.
    assert "/cgi-bin/externalcontact/get?" in told.log
    assert told.code.encode() in told.greeting
    assert b"coffee-welcome" in told.lives
