"""The gateway from outside, and whether WeCom's callbacks come through it."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import httpx

from integrations import wecom
from starter.doctor import menus
from starter.doctor.findings import Finding, count, fail, ok, skipped, warn
from starter.doctor.reach import CONNECT_SECONDS, reason
from starter.doctor.setup import Setup
from storage import checkup

ECHO_SECONDS = 1.0  # contract §3.1: WeCom waits so long for the echo
SLACK = timedelta(minutes=5)  # a callback that is repeated, and a clock that is a little off
MOST_EMPLOYEES, MOST_CONTACTS = 50, 2000  # a sample: a switch that is off is off for all
_SAME_VALUES = (
    f"copy Token and EncodingAESKey from {menus.CALLBACK} into WECOM_CALLBACK_TOKEN and "
    "WECOM_CALLBACK_AES_KEY of every process, and restart the gateway"
)
_SWITCH_ON = (
    f"at {menus.CALLBACK} save GATEWAY_URL/wecom/callback with the Token and EncodingAESKey of our settings, "
    f"and tick {menus.CALLBACK_SWITCH}"
)
_START = "start the gateway (python -m gateway), or correct GATEWAY_URL and what forwards it to the gateway"


async def ready(setup: Setup) -> list[Finding]:
    """Whether the gateway answers, and whether PostgreSQL and Temporal answer it."""
    base = setup.settings.gateway_url.rstrip("/")
    try:
        answer = await setup.http.get(f"{base}/readyz", timeout=CONNECT_SECONDS)
    except httpx.RequestError as error:
        return [fail(f"{base}: {reason(error)}", _START)]
    try:
        problems = list(answer.json()["problems"])
    except (ValueError, KeyError, TypeError):
        return [fail(f"{base}: somebody answers (HTTP {answer.status_code}), but not our gateway", _START)]
    if problems:
        found = "the gateway runs, but: " + "; ".join(map(str, problems))
        return [fail(found, "mend it where the gateway runs: it has an environment of its own")]
    return [ok(f"{base} is ready")]


async def public_address(setup: Setup) -> list[Finding]:
    """Seen from here, which is not from a phone: a name that only works inside looks well."""
    base = setup.settings.pages_url
    try:
        answer = await setup.http.get(f"{base}/healthz", timeout=CONNECT_SECONDS)
    except httpx.RequestError as error:
        found = f"{base}: {reason(error)}"
    else:
        if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
            return [ok(f"{base} answers")]
        found = f"{base}: HTTP {answer.status_code}"
    return [
        fail(found, "correct PUBLIC_URL, or what forwards it to the gateway: scan pages and forms live there")
    ]


async def echo(setup: Setup) -> list[Finding]:
    """Do what WeCom does when an admin saves the callback page: the gateway must open what we have sealed."""
    settings, secret = setup.settings, secrets.token_hex(8)
    crypto = wecom.CallbackCrypto(
        settings.wecom_callback_token.get_secret_value(),
        settings.wecom_callback_aes_key.get_secret_value(),
        settings.wecom_corp_id,
    )
    sealed, nonce = crypto.encrypt(secret.encode()), secrets.token_hex(5)
    timestamp = str(int(setup.clock().timestamp()))
    query = {
        "msg_signature": crypto.sign(timestamp, nonce, sealed),
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": sealed,
    }
    url = f"{settings.gateway_url.rstrip('/')}/wecom/callback"
    try:
        answer = await setup.http.get(url, params=query, timeout=CONNECT_SECONDS)
    except httpx.RequestError as error:
        return [fail(f"{url}: {reason(error)}", _START)]
    if answer.text == secret and answer.status_code == httpx.codes.OK:
        return [_in_time(answer)]
    return [_not_opened(url, answer)]


async def last_callback(setup: Setup) -> list[Finding]:
    async with setup.db.transaction() as session:
        newest = await checkup.newest_event(session, "wecom")
    if newest:
        return [ok(f"the newest came {newest:%Y-%m-%d %H:%M} UTC")]
    return [
        warn(
            "none has ever come",
            f"{_SWITCH_ON}; then let somebody add an employee: the event must arrive within seconds",
        )
    ]


async def switch(setup: Setup) -> list[Finding]:
    """Friends whom WeCom knows and of whom no callback has told us: newer than the newest one."""
    async with setup.db.transaction() as session:
        _, began = await checkup.published(session)
        since = await checkup.newest_event(session, "wecom") or began
        employees = await checkup.active_employees(session)
    seen = [userid for userid in employees if userid in setup.serving]
    if since is None or not seen:
        return [skipped("no playbook has been published yet, or no employee of ours has 客户联系")]
    until = setup.clock() - SLACK
    friends = await _friends(setup, seen[:MOST_EMPLOYEES], since + SLACK, until)
    async with setup.db.transaction() as session:
        untold = await checkup.unknown_friends(session, set(friends))
    if not untold:
        return [ok("WeCom has no new customers of whom no callback has told us")]
    first = min(friends[pair] for pair in untold)
    return [
        fail(
            f"{count(len(untold), 'customer')} since {first:%Y-%m-%d %H:%M} UTC, and not one callback",
            _SWITCH_ON,
        )
    ]


async def _friends(
    setup: Setup, userids: Sequence[str], since: datetime, until: datetime
) -> dict[tuple[str, str], datetime]:
    """(userid, external_userid) → when they became friends, of a sample."""
    found: dict[tuple[str, str], datetime] = {}
    seen = 0
    async for contact in setup.client().list_contacts_of(userids):
        seen += 1
        follow = contact.follow_info
        if since < follow.createtime < until:
            found[follow.userid, contact.external_contact.external_userid] = follow.createtime
        if seen >= MOST_CONTACTS:
            break
    return found


def _in_time(answer: httpx.Response) -> Finding:
    seconds = answer.elapsed.total_seconds()
    if seconds <= ECHO_SECONDS:
        return ok("the gateway opens what is sealed with our settings")
    return warn(
        f"the gateway answers after {seconds:.1f} s; WeCom waits {ECHO_SECONDS:g} s when the page is saved",
        "look for the delay between here and the gateway: proxies, DNS, a machine without a free core",
    )


def _not_opened(url: str, answer: httpx.Response) -> Finding:
    """The gateway names the kind of refusal; it has settings of its own, and ours differ from them."""
    match answer.text:
        case "BadSignature":
            return fail("the gateway has another WECOM_CALLBACK_TOKEN than we", _SAME_VALUES)
        case "BadPayload":
            return fail("the gateway has another WECOM_CALLBACK_AES_KEY than we", _SAME_VALUES)
        case "WrongReceiver":
            return fail(
                "the gateway has another WECOM_CORP_ID than we",
                f"set WECOM_CORP_ID from {menus.CORP_ID} for every process, and restart the gateway",
            )
        case "StaleTimestamp":
            return fail(
                "the gateway finds our time too far from its own",
                "let NTP set the clocks of both machines (timedatectl set-ntp true)",
            )
    return fail(f"{url}: HTTP {answer.status_code}, and not our gateway's answer", _START)
