"""The gateway under test: HTTP without a network, PostgreSQL, the real Temporal server and no worker."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI
from sqlmodel import col, select
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from activities.courier import Courier
from activities.till_clients import member_keys, till_client
from domain import addresses
from gateway.app import Doors, create_app
from gateway.intake import Intake
from integrations import wecom
from integrations.pos.webhook import sign_push
from settings import Settings
from simulators.callback_crypto import CallbackCrypto
from simulators.callback_xml import event_xml, raw_event_xml
from storage.database import Database
from storage.tables import InboundEvent

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
CALLBACK, PUSH = "/wecom/callback", "/pos/generic/events"
Body = Mapping[str, Any]


def clock() -> datetime:
    return NOW


def gateway(settings: Settings, database: Database, temporal: Client, http: httpx.AsyncClient) -> FastAPI:
    """The app as gateway/__main__.py puts it together."""
    return create_app(
        Doors(
            crypto=wecom.CallbackCrypto(
                settings.wecom_callback_token.get_secret_value(),
                settings.wecom_callback_aes_key.get_secret_value(),
                settings.wecom_corp_id,
            ),
            till=till_client(settings, http, clock),
            keys=member_keys(settings),
            intake=Intake(database, Courier(temporal, database, clock), clock),
            database=database,
            temporal=temporal,
            clock=clock,
            callback_max_age_seconds=settings.wecom_callback_max_age_seconds,
            link_key=settings.link_key.get_secret_value().encode(),
        )
    )


@dataclass
class Door:
    """Knocks as WeCom and the till do; looks at what became of it."""

    settings: Settings
    database: Database
    temporal: Client
    http: httpx.AsyncClient

    # ---- WeCom

    def sealed(
        self, xml: str, *, at: datetime = NOW, corp_id: str | None = None, nonce: str = "42"
    ) -> tuple[str, dict[str, str]]:
        """The encrypted text and the query that signs it, made by the simulator's own cryptography."""
        crypto = CallbackCrypto(
            self.settings.wecom_callback_token.get_secret_value(),
            self.settings.wecom_callback_aes_key.get_secret_value(),
            corp_id or self.settings.wecom_corp_id,
        )
        encrypted, timestamp = crypto.encrypt(xml), str(int(at.timestamp()))
        signature = crypto.signature(timestamp, nonce, encrypted)
        return encrypted, {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}

    async def callback(self, xml: str, **how: Any) -> httpx.Response:
        encrypted, query = self.sealed(xml, **how)
        return await self.http.post(CALLBACK, params=query, content=envelope(encrypted))

    async def added(self, customer: str, userid: str = "li", code: str = "code-1") -> httpx.Response:
        return await self.callback(self.add(customer, userid, code))

    def add(self, customer: str, userid: str = "li", code: str | None = "code-1", **more: Any) -> str:
        fields = {
            "ChangeType": "add_external_contact",
            "UserID": userid,
            "ExternalUserID": customer,
            "State": "S002-cashier",
            "WelcomeCode": code,
        }
        created = int(NOW.timestamp())
        return event_xml(self.settings.wecom_corp_id, created, "change_external_contact", fields | more)

    def raw(self, inner: str) -> str:
        return raw_event_xml(self.settings.wecom_corp_id, int(NOW.timestamp()), inner)

    # ---- the till

    async def push(self, body: Body, *, at: datetime = NOW, secret: str | None = None) -> httpx.Response:
        content, timestamp = json.dumps(body).encode(), str(int(at.timestamp()))
        key = secret or self.settings.pos_webhook_secret.get_secret_value()
        headers = {"X-Till-Timestamp": timestamp, "X-Till-Signature": sign_push(key, timestamp, content)}
        return await self.http.post(PUSH, content=content, headers=headers)

    # ---- what became of it

    async def rows(self) -> list[InboundEvent]:
        async with self.database.transaction() as session:
            return list((await session.exec(select(InboundEvent).order_by(col(InboundEvent.id)))).all())

    async def row(self) -> InboundEvent:
        [row] = await self.rows()
        return row

    async def heard(self, customer: str) -> list[dict[str, Any]]:
        """The events with which her life was signalled, in order; empty when she has no workflow."""
        return await signals(self.temporal, f"customer/{customer}")

    async def greeting_waits(self, customer: str, code: str = "code-1", userid: str = "li") -> bool:
        """Whether a greeting was started with this code; its workflow id allows for one only."""
        return await _history(self.temporal, addresses.welcome_id(userid, customer, code)) is not None


def envelope(encrypted: str) -> str:
    return f"<xml><ToUserName>ww</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"


async def signals(temporal: Client, workflow_id: str) -> list[dict[str, Any]]:
    """What a workflow was signalled with, in order; nothing when it was never started."""
    history = await _history(temporal, workflow_id)
    return [
        json.loads(event.workflow_execution_signaled_event_attributes.input.payloads[0].data)
        for event in (history.events if history else [])
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]


async def _history(temporal: Client, workflow_id: str) -> WorkflowHistory | None:
    try:
        return await temporal.get_workflow_handle(workflow_id).fetch_history()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None
