"""Links of forms: who is asked what, until when, signed. Short enough for a greeting, and without a row.

    version · form · expiry (4 bytes, seconds) · external_userid · 16 bytes of HMAC-SHA256, as base64url

The external_userid is opaque outside the corp. Versions and form numbers are for ever: links live in chats.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.events import FormName

LINK_LIFE = timedelta(days=90)  # greetings are read again weeks later
PATH = "/f/"
_VERSION = 1
_NUMBERS = {FormName.BIRTHDAY: 1, FormName.DUE_DATE: 2, FormName.FEEDBACK: 3, FormName.CHILD_BIRTHDAY: 4}
_FORMS = {number: form for form, number in _NUMBERS.items()}
_HEAD = struct.Struct(">BBI")
_MAC_BYTES = 16
_PURPOSE = b"wecom-journeys form link\0"  # the same key may sign other things one day
_LONGEST_USERID = 64
LONGEST_TOKEN = -(-(_HEAD.size + _LONGEST_USERID + _MAC_BYTES) * 4 // 3)  # characters


class BadLink(Exception):
    """Not a link of ours, or not whole."""


class ExpiredLink(BadLink):
    """Ours, but too old."""


@dataclass(frozen=True)
class FormLink:
    """Whom a form asks, and until when."""

    external_userid: str
    form: FormName
    expires_at: datetime


def sign(link: FormLink, key: bytes) -> str:
    """The token of a link."""
    head = _HEAD.pack(_VERSION, _NUMBERS[link.form], int(link.expires_at.timestamp()))
    body = head + link.external_userid.encode()
    return _text(body + _mac(body, key))


def read(token: str, key: bytes, now: datetime) -> FormLink:
    """What a token says. Raises BadLink, ExpiredLink."""
    body, mac = _split(token)
    if not hmac.compare_digest(mac, _mac(body, key)):
        raise BadLink("the signature is not ours")
    version, number, seconds = _HEAD.unpack_from(body)
    form = _FORMS.get(number)
    if version != _VERSION or form is None:
        raise BadLink("of a newer version")
    expires_at = datetime.fromtimestamp(seconds, UTC)
    if now >= expires_at:
        raise ExpiredLink(f"expired on {expires_at:%F}")
    return FormLink(body[_HEAD.size :].decode(), form, expires_at)


@dataclass(frozen=True)
class FormLinks:
    """Makes the links of one deployment."""

    key: bytes
    base_url: str  # without a slash at its end

    def link(self, external_userid: str, form: FormName, now: datetime) -> str:
        wanted = FormLink(external_userid, form, now + LINK_LIFE)
        return f"{self.base_url}{PATH}{sign(wanted, self.key)}"

    def all_for(self, external_userid: str, now: datetime) -> dict[str, str]:
        """Every form's link, by the form's name, as `{{ forms.birthday }}` in greetings."""
        return {form.value: self.link(external_userid, form, now) for form in FormName}


def _split(token: str) -> tuple[bytes, bytes]:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadLink("no base64url") from None
    if _text(raw) != token or len(raw) <= _HEAD.size + _MAC_BYTES:
        raise BadLink("not whole")
    return raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, _PURPOSE + body, hashlib.sha256).digest()[:_MAC_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
