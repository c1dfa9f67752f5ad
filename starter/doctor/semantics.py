"""What a setting's type cannot say: addresses, keys and ids that no part of ours could use."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from activities.codec import EncryptingCodec
from integrations import wecom
from settings import Settings

_CORP_ID = re.compile(r"w[wx][0-9a-f]{16}")  # contract §0.3
_TOKEN = re.compile(r"[0-9A-Za-z]{1,32}")  # contract §3.1
_NOT_EMPTY = ("wecom_secret", "pos_provider")
_ADDRESSES = ("gateway_url", "public_url", "wecom_base_url", "pos_base_url")
_MAY_BE_EMPTY = ("public_url", "pos_base_url")


def problems(settings: Settings) -> Iterator[tuple[str, str]]:
    """The field and what is wrong with it, without its value."""
    checks: dict[str, Callable[[Settings], str]] = {
        "database_url": _database_url,
        "temporal_address": _temporal_address,
        "wecom_corp_id": _corp_id,
        "wecom_callback_token": _callback_token,
        "wecom_callback_aes_key": _aes_key,
        "payload_key": _payload_key,
    }
    for name in _NOT_EMPTY:
        if not _plain(settings, name):
            yield name, "is empty"
    for name in _ADDRESSES:
        if problem := _address(name, _plain(settings, name)):
            yield name, problem
    for name, check in checks.items():
        if problem := check(settings):
            yield name, problem


def _plain(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    return value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)


def _address(name: str, value: str) -> str:
    if not value:
        return "" if name in _MAY_BE_EMPTY else "is empty"
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number
        usable = False
    if not usable:
        return "is not an address like https://host or http://host:port"
    if name == "wecom_base_url" and "/cgi-bin" in parts.path:
        return "must end before /cgi-bin"
    return ""


def _database_url(settings: Settings) -> str:
    url = settings.database_url.get_secret_value()
    if not url.startswith("postgresql://"):
        return "does not start with postgresql://"
    if url.split("?")[0].count("@") > 1:
        # Taken apart at the wrong @, a piece of the password would be shown as the host.
        return "has more than one @: write an @ of the password as %40"
    try:
        make_url(url)
    except (ArgumentError, ValueError):
        return "is not like postgresql://user:password@host:5432/database"
    return ""


def _temporal_address(settings: Settings) -> str:
    host, _, port = settings.temporal_address.rpartition(":")
    usable = host and "/" not in host and port.isdigit() and 0 < int(port) < 65536
    return "" if usable else "is not host:port, e.g. 127.0.0.1:7233, without http://"


def _corp_id(settings: Settings) -> str:
    return "" if _CORP_ID.fullmatch(settings.wecom_corp_id) else "is not ww and 16 hexadecimal digits"


def _callback_token(settings: Settings) -> str:
    good = _TOKEN.fullmatch(settings.wecom_callback_token.get_secret_value())
    return "" if good else "is not 1 to 32 letters and digits"


def _aes_key(settings: Settings) -> str:
    try:
        wecom.CallbackCrypto("-", settings.wecom_callback_aes_key.get_secret_value(), "-")
    except ValueError:
        return "does not decode to 32 bytes: it has a character that is not of base64"
    return ""


def _payload_key(settings: Settings) -> str:
    if settings.payload_key is None:
        return ""
    try:
        EncryptingCodec(settings.payload_key.get_secret_value())
    except ValueError:
        return "is not 64 hexadecimal digits (32 bytes)"
    return ""
