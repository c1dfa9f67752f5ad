"""The till as the settings name it, and what walks through it at night."""

import httpx
from pydantic import SecretStr

from activities.courier import Courier
from activities.meter import FOR_WALKS, PostgresMeter
from activities.till_nights import TillNights
from activities.till_walks import TillWalks, parts_of
from integrations import pos
from settings import Clock, Settings
from storage.database import Database
from storage.member_keys import MemberKeys


def member_keys(settings: Settings) -> MemberKeys:
    """Raises MemberKeyError."""
    return MemberKeys.of(settings.member_key.get_secret_value())


def till_client(
    settings: Settings, http: httpx.AsyncClient, clock: Clock, meter: pos.Meter | None = None
) -> pos.PosPort:
    """The till that POS_PROVIDER names. Raises pos.AccessError."""
    provider = settings.pos_provider
    access = pos.Access(
        base_url=settings.pos_base_url,
        api_key=settings.pos_api_key,
        webhook_secret=settings.pos_webhook_secret,
        app_id=settings.pos_app_id,
        account=settings.pos_account,
        store_keys=store_keys(settings.pos_store_keys.get_secret_value()),
        options=settings.pos_options,
        push_url=settings.till_push_url,
    )
    return pos.connect(provider, access, pos.Means(http, clock, meter))


def store_keys(text: str) -> dict[str, pos.StoreKey]:
    """`S001=appId:appKey,S002=…` by store. Raises pos.AccessError, without showing a key."""
    keys: dict[str, pos.StoreKey] = {}
    for number, part in enumerate(filter(None, (one.strip() for one in text.split(","))), start=1):
        store, _, pair = part.partition("=")
        app_id, _, app_key = pair.partition(":")
        if not (store and app_id and app_key):
            raise pos.AccessError(f"POS_STORE_KEYS: entry {number} is not store=appId:appKey")
        keys[store.strip()] = pos.StoreKey(app_id.strip(), SecretStr(app_key.strip()))
    return keys


def till_nights(
    settings: Settings, database: Database, till: pos.PosPort, courier: Courier, clock: Clock
) -> TillNights | None:
    """None for a chain without a till."""
    if not settings.pos_base_url:
        return None
    return TillNights(database, till, courier, clock, chain=settings.wecom_corp_id)


def till_walks(
    settings: Settings, http: httpx.AsyncClient, database: Database, courier: Courier, clock: Clock
) -> TillWalks:
    """With a till client that leaves a share of the quota to those who wait for an answer."""
    till = till_client(settings, http, clock, PostgresMeter(database, clock, share=FOR_WALKS))
    return TillWalks(database, parts_of(till, member_keys(settings)), courier, clock)
