"""Links of forms: who is asked what, until when, signed. Short enough for a greeting, and without a row.

    version · form · expiry (4 bytes, seconds) · external_userid · 16 bytes of HMAC-SHA256, as base64url

The external_userid is opaque outside the corp. Versions and form numbers are for ever: links live in chats.
"""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.events import FormName
from domain.sealing import MAC_BYTES, BadLink, ExpiredLink, opened, sealed

LINK_LIFE = timedelta(days=90)  # greetings are read again weeks later
PATH = "/f/"
_VERSION = 1
_NUMBERS = {FormName.BIRTHDAY: 1, FormName.DUE_DATE: 2, FormName.FEEDBACK: 3, FormName.CHILD_BIRTHDAY: 4}
_FORMS = {number: form for form, number in _NUMBERS.items()}
_HEAD = struct.Struct(">BBI")
_PURPOSE = b"wecom-journeys form link\0"
_LONGEST_USERID = 64
LONGEST_TOKEN = -(-(_HEAD.size + _LONGEST_USERID + MAC_BYTES) * 4 // 3)  # characters


@dataclass(frozen=True)
class FormLink:
    """Whom a form asks, and until when."""

    external_userid: str
    form: FormName
    expires_at: datetime


def sign(link: FormLink, key: bytes) -> str:
    """The token of a link."""
    head = _HEAD.pack(_VERSION, _NUMBERS[link.form], int(link.expires_at.timestamp()))
    return sealed(head + link.external_userid.encode(), _PURPOSE, key)


def read(token: str, key: bytes, now: datetime) -> FormLink:
    """What a token says. Raises BadLink, ExpiredLink."""
    body = opened(token, _PURPOSE, key, least=_HEAD.size)
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
