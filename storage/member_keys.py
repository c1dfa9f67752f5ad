"""What keeps phones of members unread: keyed hashes to find them by, AES-256-GCM for what is read again."""

import hashlib
import hmac
import os
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import Explained

NONCE_BYTES = 12
PUBLIC = ("unionid", "external_userid")  # what WeCom calls her stands in `customers` as it is

Kind = Literal["unionid", "external_userid", "phone", "card_no"]
Purpose = Literal["phone", "push"]


class MemberKeyError(Explained):
    """MEMBER_KEY is missing, wrong, or not the one that something was sealed with."""


class MemberKeys:
    """One key for several purposes: each has a key of its own, made from it.

    Without MEMBER_KEY only what WeCom calls her is looked up; what needs the key says so when it comes.
    """

    def __init__(self, key: bytes | None) -> None:
        self._key = key

    @classmethod
    def of(cls, text: str) -> "MemberKeys":
        """From the setting: 64 hex digits, or nothing. Raises MemberKeyError."""
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b"not hexadecimal"
        if key and len(key) != 32:
            raise MemberKeyError("MEMBER_KEY must be 64 hex digits: make one with `openssl rand -hex 32`")
        return cls(key or None)

    @property
    def known(self) -> bool:
        """Whether MEMBER_KEY is set."""
        return self._key is not None

    def digest(self, kind: Kind, value: str) -> str:
        """By which a value is found and from which nobody reads it. A phone is in E.164."""
        key = b"" if kind in PUBLIC else self._key_for("index")
        return hmac.new(key, f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest()

    def seal(self, purpose: Purpose, what: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher(purpose).encrypt(nonce, what, None)

    def open(self, purpose: Purpose, sealed: bytes) -> bytes:
        try:
            return self._cipher(purpose).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
        except InvalidTag:
            raise MemberKeyError(f"a {purpose} was sealed with another MEMBER_KEY") from None

    def _cipher(self, purpose: Purpose) -> AESGCM:
        return AESGCM(self._key_for(f"seal/{purpose}"))

    def _key_for(self, purpose: str) -> bytes:
        if self._key is None:
            raise MemberKeyError(
                "a phone or card number must be kept and MEMBER_KEY is not set: make one with "
                "`openssl rand -hex 32` and give it to the worker, the gateway and the command line"
            )
        return hmac.new(self._key, f"wecom-journeys/{purpose}".encode(), hashlib.sha256).digest()
