"""The checks in their order, what each needs, and how they are run."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from integrations import wecom
from settings import ROOT
from starter.doctor import (
    clock_area,
    coupon_area,
    data_area,
    database_area,
    gateway_area,
    member_area,
    settings_area,
    staff_area,
    temporal_area,
    till_area,
    till_feed_area,
    till_rights_area,
    wecom_area,
)
from starter.doctor.findings import Finding, Status, fail, skipped
from starter.doctor.setup import Setup

SECONDS = 10.0


@dataclass(frozen=True)
class Check:
    """`settings` must be usable and the checks of `after` must not have failed, or it makes no sense."""

    area: str
    name: str
    look: Callable[[Setup], Awaitable[list[Finding]]]
    settings: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    seconds: float = SECONDS


CONNECTED, TABLES, TEMPORAL, TOKEN, CONTACT = "connection", "schema", "server", "secret", "customer contact"
_WECOM = ("wecom_base_url", "wecom_corp_id", "wecom_secret", "wecom_agent_id")
_ADDRESSES = ("gateway_url", "public_url")
_TILL = ("pos_base_url", "pos_provider", "pos_options")
_ECHO = ("gateway_url", "wecom_corp_id", "wecom_callback_token", "wecom_callback_aes_key")

CHECKS: tuple[Check, ...] = (
    Check("settings", "values", settings_area.values),
    Check("settings", "placeholders", settings_area.placeholders, ("wecom_base_url",)),
    Check("settings", "addresses", settings_area.addresses, ("wecom_base_url", *_ADDRESSES)),
    Check("settings", "payload encryption", settings_area.payload_key, ("wecom_base_url", "payload_key")),
    Check("PostgreSQL", CONNECTED, database_area.connection, ("database_url",)),
    Check("PostgreSQL", "version", database_area.version, after=(CONNECTED,)),
    Check("PostgreSQL", "writable", database_area.writable, after=(CONNECTED,)),
    Check("PostgreSQL", TABLES, database_area.schema, after=(CONNECTED,)),
    Check("PostgreSQL", "connections", database_area.connections, after=(CONNECTED,)),
    Check("Temporal", TEMPORAL, temporal_area.connection, ("temporal_address",)),
    Check("Temporal", "namespace", temporal_area.namespace, after=(TEMPORAL,)),
    Check("Temporal", "search attributes", temporal_area.search_attributes, after=("namespace",)),
    Check("Temporal", "workers", temporal_area.workers, after=("namespace",)),
    Check("WeCom", "address", wecom_area.address, ("wecom_base_url",)),
    Check("WeCom", TOKEN, wecom_area.token, _WECOM, ("placeholders", "address")),
    Check("WeCom", "trusted IP", wecom_area.trusted_ip, after=(TOKEN,)),
    Check("WeCom", "agent id", wecom_area.agent, after=("trusted IP",)),
    Check("WeCom", CONTACT, wecom_area.customer_contact, after=("trusted IP",)),
    Check("employees", "in WeCom", staff_area.employees, after=(TABLES, CONTACT), seconds=60),
    Check("employees", "behind codes", staff_area.behind_codes, after=(TABLES,)),
    Check("gateway", "ready", gateway_area.ready, ("gateway_url",)),
    Check("gateway", "public address", gateway_area.public_address, ("public_url", "gateway_url")),
    Check("gateway", "echo", gateway_area.echo, _ECHO, ("ready",)),
    Check("callbacks", "newest", gateway_area.last_callback, after=(TABLES,)),
    Check("callbacks", "switch", gateway_area.switch, after=(TABLES, CONTACT), seconds=30),
    Check("clock", "against WeCom", clock_area.wecom, after=("address",)),
    Check("clock", "against the gateway", clock_area.gateway, after=("ready",)),
    Check("clock", "against PostgreSQL", clock_area.postgres, after=(CONNECTED,)),
    Check("data", "playbook files", data_area.playbook_files, ("playbooks_dir",)),
    Check("data", "published playbooks", data_area.files_published, ("playbooks_dir",), after=(TABLES,)),
    Check("data", "master data", data_area.master_data, after=(TABLES,)),
    Check("data", "staffed stores", data_area.staffing, after=(TABLES,)),
    Check("data", "codes", data_area.codes_made, after=(TABLES,)),
    Check("data", "codes' playbooks", data_area.codes_published, after=(TABLES,)),
    Check("data", "contact ways", data_area.contact_ways, after=(TABLES, CONTACT), seconds=60),
    Check("data", "hand-exported QRs", data_area.hand_exported, after=(TABLES,)),
    Check("data", "groups with room", data_area.room, after=(TABLES,)),
    Check("till", "till", till_area.till, _TILL),
    Check("till", "rights", till_rights_area.rights, _TILL, ("till",), seconds=30),
    Check("till", "keys of stores", till_feed_area.store_keys, after=(TABLES,)),
    Check("till", "pushes", till_feed_area.pushes, ("gateway_url",)),
    Check("till", "key of members", till_feed_area.member_key),
    Check("till", "accounts of customers", member_area.conflicts, after=(TABLES,)),
    Check("till", "waiting pushes", till_feed_area.hints, after=(TABLES,)),
    Check("till", "last walk", till_feed_area.walks, after=(TABLES,)),
    Check("till", "unclear coupons", coupon_area.unclear, after=(TABLES,)),
    Check("till", "coupon templates", coupon_area.templates, ("playbooks_dir", *_TILL)),
)


async def examine(setup: Setup, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """All findings, in the order of the checks. Closes the database that a check has opened."""
    findings: list[Finding] = []
    blocked: dict[str, str] = {}  # a check that failed or was skipped → why those that need it are skipped
    try:
        for check in checks:
            reason = _why_not(setup, check, blocked)
            found = [skipped(reason)] if reason else await _run(check, setup)
            if reason:
                blocked[check.name] = reason
            elif any(one.status is Status.FAIL for one in found):
                blocked[check.name] = f"{check.area}: {check.name} failed"
            findings += [replace(one, area=check.area, name=one.name or check.name) for one in found]
    finally:
        if setup.database is not None:
            await setup.database.close()
    return findings


def _why_not(setup: Setup, check: Check, blocked: dict[str, str]) -> str:
    for field in check.settings:
        if field in setup.problems:
            return f"{field.upper()} is not usable"
    return next((blocked[name] for name in check.after if name in blocked), "")


async def _run(check: Check, setup: Setup) -> list[Finding]:
    """What WeCom refuses is explained; a check that breaks is a failure, and leaves the others standing."""
    try:
        async with asyncio.timeout(check.seconds):
            return await check.look(setup)
    except wecom.WeComError as error:
        return [wecom_area.explain(error)]
    except TimeoutError:
        return [fail(f"not finished within {check.seconds:g} s", "look at what is slow there, and try again")]
    except Exception as error:  # the next check may still tell what is wrong
        return [
            fail(
                f"the check itself broke: {type(error).__name__} at {_place(error)}",
                "this is a fault of ours, or of something that no check expects: report this line",
            )
        ]


def _place(error: Exception) -> str:
    """The last line of our own code: the text of the error could show what it was about."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if f.filename.startswith(str(ROOT)) and "site-packages" not in f.filename]
    frame = (ours or frames)[-1]
    return f"{frame.filename.removeprefix(str(ROOT) + '/')}:{frame.lineno}"
