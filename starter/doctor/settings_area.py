"""Settings: each one that is missing or malformed, and values that do not belong where they are used."""

import ipaddress
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import SecretStr

from settings import ROOT, Settings
from starter.doctor import guidance, menus
from starter.doctor.findings import Finding, count, fail, ok, skipped, warn
from starter.doctor.setup import Setup

# What must be a chain's own before customers are at the other end.
_OWN = (
    *("link_key", "wecom_corp_id", "wecom_secret", "wecom_callback_token", "wecom_callback_aes_key"),
    *("pos_api_key", "pos_webhook_secret"),
)


async def values(setup: Setup) -> list[Finding]:
    """One failure per setting that is missing or malformed; its value is never shown."""
    if not setup.problems:
        return [ok(f"{count(len(Settings.model_fields), 'setting')} read")]
    return [
        fail(problem, guidance.fix(field), name=field.upper()) for field, problem in setup.problems.items()
    ]


async def placeholders(setup: Setup) -> list[Finding]:
    """The example's values are published: whoever has read them could forge callbacks and links."""
    if not setup.on_real_wecom:
        return [skipped("WECOM_BASE_URL is not the real WeCom: the simulators take the example's values")]
    example = dotenv_values(ROOT / ".env.example")
    found = [
        field
        for field in _OWN
        if field not in setup.problems and example.get(field.upper()) == _plain(setup.settings, field)
    ]
    if not found:
        return [ok("none of the example's values is used against the real WeCom")]
    return [
        fail("the value of .env.example against the real WeCom", guidance.fix(field), name=field.upper())
        for field in found
    ]


async def addresses(setup: Setup) -> list[Finding]:
    """From outside, nobody reaches this machine by a name that only this machine knows."""
    if not setup.on_real_wecom:
        return [skipped("WECOM_BASE_URL is not the real WeCom: it may call this machine by any name")]
    settings, findings = setup.settings, []
    for_phones = _wrong_for_the_world(settings.pages_url)
    for_wecom = _wrong_for_the_world(settings.gateway_url)
    if for_phones:
        found = f"{for_phones}: customers' phones open it"
        findings.append(fail(found, guidance.fix("public_url"), name="PUBLIC_URL"))
    if for_wecom:
        tell = fail if for_phones else warn  # in a network of containers such a name may be right
        found = f"{for_wecom}: the callback page ({menus.CALLBACK}) needs another address that leads here"
        findings.append(tell(found, guidance.fix("gateway_url"), name="GATEWAY_URL"))
    return findings or [ok("https, and names that the world knows")]


async def payload_key(setup: Setup) -> list[Finding]:
    if setup.settings.payload_key is not None:
        return [ok("workflow payloads are compressed and encrypted")]
    if not setup.on_real_wecom:
        return [skipped("WECOM_BASE_URL is not the real WeCom: there is nobody's data to encrypt")]
    return [
        warn(
            "not set: customers' ids stand readable in Temporal's histories",
            "set PAYLOAD_KEY to 64 hexadecimal digits (openssl rand -hex 32), the same for the gateway, the "
            "worker and the command line, and keep it safe: what it encrypted needs it again",
        )
    ]


def _plain(settings: Settings, field: str) -> str:
    value = getattr(settings, field)
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _wrong_for_the_world(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _only_known_here(host):
        return f"{host} is known only to this machine or its network"
    return "" if parts.scheme == "https" else "it is http, not https"


def _only_known_here(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or "." not in host or host.endswith((".local", ".internal", ".localhost"))
