"""Short texts that only we can have written: base64url of a body and 16 bytes of HMAC-SHA256.

Each kind of text has its own purpose, so that one can never pass for another.
"""

import base64
import binascii
import hashlib
import hmac

MAC_BYTES = 16


class BadLink(Exception):
    """Not a link of ours, or not whole."""


class ExpiredLink(BadLink):
    """Ours, but too old."""


def sealed(body: bytes, purpose: bytes, key: bytes) -> str:
    return _text(body + _mac(body, purpose, key))


def opened(token: str, purpose: bytes, key: bytes, *, least: int) -> bytes:
    """The body, which is longer than `least` bytes. Raises BadLink."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadLink("no base64url") from None
    if _text(raw) != token or len(raw) <= least + MAC_BYTES:
        raise BadLink("not whole")
    body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(body, purpose, key)):
        raise BadLink("the signature is not ours")
    return body


def _mac(body: bytes, purpose: bytes, key: bytes) -> bytes:
    return hmac.new(key, purpose + body, hashlib.sha256).digest()[:MAC_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
