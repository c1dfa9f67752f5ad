"""WeCom's side of the app: address, corp id, secret, trusted IP, agent id, right to customer contact.

Nothing is written in WeCom. The agent id is asked for by agent/get, which reads the app's own data and
refuses an id that is not of the token's app. message/send without recipients would tell too, by 82001 or
301002, but it is a write, and which of the two WeCom looks at first is not published.
"""

import asyncio

import httpx

from integrations import wecom
from starter.doctor import menus
from starter.doctor.findings import Finding, fail, ok, warn
from starter.doctor.reach import CONNECT_SECONDS, reason
from starter.doctor.setup import Setup

WRONG_SECRET, WRONG_CORP, NOT_TRUSTED, NOT_CALLABLE = 40001, 40013, 60020, 48002
WRONG_AGENT = {40056, 301002}


async def address(setup: Setup) -> list[Finding]:
    """Any errcode will do: this call has no token, so WeCom only says 41001, and counts nothing."""
    base = setup.settings.wecom_base_url.rstrip("/")
    try:
        answer = await setup.http.get(
            f"{base}/cgi-bin/externalcontact/get_follow_user_list",
            timeout=CONNECT_SECONDS,
            follow_redirects=False,
        )
    except httpx.RequestError as error:
        return [
            fail(
                f"{base}: {reason(error)}",
                "correct WECOM_BASE_URL (https://qyapi.weixin.qq.com), or let this machine out to it: DNS, "
                "firewall, proxy, CA certificates",
            )
        ]
    if answer.is_redirect:
        return [
            fail(
                f"{base}: it only redirects (HTTP {answer.status_code})",
                "WECOM_BASE_URL must begin with https://, not http://",
            )
        ]
    try:
        answer.json()["errcode"]
    except (ValueError, KeyError, TypeError):
        found = f"{base}: somebody answers (HTTP {answer.status_code}), but not WeCom"
        return [fail(found, "WECOM_BASE_URL=https://qyapi.weixin.qq.com, without a path")]
    return [ok(f"{base} answers")]


async def token(setup: Setup) -> list[Finding]:
    """A refused secret is tried once and remembered: WeCom bans an IP that goes on trying."""
    try:
        await setup.client_asking_anew().callback_ips()
    except wecom.WeComError as error:
        if error.api == "gettoken":
            if not setup.remembers_refusals:
                await asyncio.sleep(setup.pause_seconds)
            return [explain(error)]
    return [ok("WeCom takes corp id and secret")]


async def trusted_ip(setup: Setup) -> list[Finding]:
    """The first call with a token; it needs no other permission."""
    await setup.client().callback_ips()
    return [ok("WeCom takes calls from this machine; check every machine that runs a worker or the gateway")]


async def agent(setup: Setup) -> list[Finding]:
    agent_id = setup.settings.wecom_agent_id
    app = await setup.client().get_app(agent_id)
    if app.close:
        return [fail(f"the app {agent_id} is disabled (已停用)", f"enable it: {menus.APP}")]
    return [ok(f"{agent_id} is the secret's app")]


async def customer_contact(setup: Setup) -> list[Finding]:
    serving = await setup.client().get_follow_users()
    setup.serving = frozenset(serving)
    if not serving:
        return [
            warn(
                "the app may call 客户联系, but sees nobody who has it",
                f"put the stores' employees into {menus.CONTACT_SCOPE} and into {menus.VISIBLE_RANGE}",
            )
        ]
    return [ok(f"the app is in 可调用接口的应用 and sees {len(serving)} in 使用范围")]


def explain(error: wecom.WeComError) -> Finding:
    """What an errcode means for who runs this, and where to mend it; the rest is said in WeCom's words."""
    match error.errcode:
        case None:
            return fail(
                f"no usable answer ({error.errmsg})",
                "try again; if it stays, look at the way from this machine to WECOM_BASE_URL",
            )
        case _ if error.errcode == WRONG_SECRET and error.api == "gettoken":
            return fail(
                "WeCom refuses WECOM_SECRET (40001); it is tried once in 5 minutes: more could ban this IP",
                f"copy the secret from {menus.SECRET} into WECOM_SECRET; it must be this app's own",
            )
        case _ if error.errcode == WRONG_CORP:
            return fail("WeCom knows no such corp (40013)", f"copy WECOM_CORP_ID from {menus.CORP_ID}")
        case _ if error.errcode == NOT_TRUSTED:
            seen = error.from_ip or "the address that this machine has outside"
            return fail(
                f"WeCom does not trust this machine, which it sees as {seen} (60020)",
                f"add {seen} to {menus.TRUSTED_IP}, and those of all our machines; it takes about a minute",
            )
        case _ if error.errcode == NOT_CALLABLE:
            return fail(
                "the app may not call 客户联系 (48002)",
                f"list the app at {menus.CALLABLE_APPS}, and use its own secret, not that of 客户联系",
            )
        case _ if error.errcode in WRONG_AGENT:
            return fail(
                f"WECOM_AGENT_ID is not of the app whose secret this is ({error.errcode})",
                f"copy WECOM_AGENT_ID from {menus.AGENT_ID}, the same app that WECOM_SECRET is of",
            )
    hint = f" [hint {error.hint}]" if error.hint else ""
    return fail(f"{error.api}: {error.errcode} {error.errmsg}{hint}", error.action or "look the errcode up")
