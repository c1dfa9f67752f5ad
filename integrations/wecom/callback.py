"""From a callback's bytes and query to its inner message: size, envelope, signature, age, decryption.

Contract §3.1–3.3. The envelope is parsed before anything is proven: its parser allows no DTD and no entities.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from integrations.wecom.crypto import BadPayload, CallbackCrypto, StaleTimestamp

MAX_BODY_BYTES = 1024 * 1024
# WeCom repeats an unanswered callback within seconds; repeats may keep the first timestamp (contract §3.1).
DEFAULT_MAX_AGE_SECONDS = 600


def open_callback(
    crypto: CallbackCrypto,
    body: bytes,
    query: Mapping[str, str],
    now: datetime,
    max_age_seconds: int | None = DEFAULT_MAX_AGE_SECONDS,
) -> bytes:
    """The inner XML of a POST. `query` holds msg_signature, timestamp and nonce. Raises a CallbackRejected.

    `max_age_seconds` None accepts any age: for reading a stored callback again.
    """
    if len(body) > MAX_BODY_BYTES:
        raise BadPayload(f"larger than {MAX_BODY_BYTES} bytes")
    encrypt = _encrypt_of_json(body) if body.lstrip()[:1] == b"{" else _encrypt_of_xml(body)
    return _open(crypto, encrypt, query, now, max_age_seconds)


def open_echo(
    crypto: CallbackCrypto,
    query: Mapping[str, str],
    now: datetime,
    max_age_seconds: int | None = DEFAULT_MAX_AGE_SECONDS,
) -> bytes:
    """What a GET (URL verification) must be answered with, bare, within 1 s. Raises a CallbackRejected."""
    return _open(crypto, query.get("echostr", ""), query, now, max_age_seconds)


def parse_xml(xml: bytes) -> Element:
    """The root of a document without DTD and entities. Raises ValueError, whatever is wrong."""
    try:
        root: Element = fromstring(xml.strip(), forbid_dtd=True)
    except (ParseError, ValueError, LookupError) as error:
        raise ValueError(f"not acceptable as XML: {type(error).__name__}") from None
    return root


def _open(
    crypto: CallbackCrypto, encrypt: str, query: Mapping[str, str], now: datetime, max_age: int | None
) -> bytes:
    timestamp = query.get("timestamp", "")
    crypto.verify(query.get("msg_signature", ""), timestamp, query.get("nonce", ""), encrypt)
    if max_age is not None:
        _check_age(timestamp, now, timedelta(seconds=max_age))
    return crypto.decrypt(encrypt)


def _check_age(timestamp: str, now: datetime, max_age: timedelta) -> None:
    try:
        sent_at = datetime.fromtimestamp(int(timestamp), now.tzinfo)
    except (ValueError, OverflowError, OSError):
        raise BadPayload("the timestamp is not a time") from None
    if abs(now - sent_at) > max_age:
        raise StaleTimestamp(f"more than {max_age.total_seconds():.0f} s away from now")


def _encrypt_of_xml(body: bytes) -> str:
    try:
        return (parse_xml(body).findtext("Encrypt") or "").strip()
    except ValueError as error:
        raise BadPayload(str(error)) from None


def _encrypt_of_json(body: bytes) -> str:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise BadPayload("not acceptable as JSON") from None
    return str(fields.get("encrypt", "")) if isinstance(fields, dict) else ""
