"""Signature and AES of WeCom's callbacks. Contract §3.2; https://developer.work.weixin.qq.com/document/path/90968

CallbackRejected        not an authentic callback for us: answer 4xx, do nothing
├── BadPayload          truncated, too large, not XML or JSON, wrong padding
├── BadSignature        made with another token, or changed on the way
├── StaleTimestamp      authentic but too old or from the future: possibly a replay
└── WrongReceiver       authentic, but for another corp
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_KEY_CHARS = 43
_KEY_BYTES = 32
_AES_BLOCK_BYTES = 16
_PAD_BLOCK_BYTES = 32  # PKCS#7 with block 32, which PKCS#7 code for AES refuses
_PREFIX_BYTES = 16  # random, in front of the length
_LENGTH_BYTES = 4  # big endian


class CallbackRejected(Exception):
    pass


class BadPayload(CallbackRejected):
    pass


class BadSignature(CallbackRejected):
    pass


class StaleTimestamp(CallbackRejected):
    pass


class WrongReceiver(CallbackRejected):
    pass


class CallbackCrypto:
    """`receive_id` is the corp id for a self-built app."""

    def __init__(self, token: str, encoding_aes_key: str, receive_id: str) -> None:
        self._token = token
        self._key = _decode_key(encoding_aes_key)
        self._receive_id = receive_id.encode()

    def sign(self, timestamp: str, nonce: str, encrypt: str) -> str:
        """Lower-case hex. `encrypt` is the base64 text as it travels."""
        joined = "".join(sorted([self._token, timestamp, nonce, encrypt]))
        return hashlib.sha1(joined.encode(errors="replace")).hexdigest()  # noqa: S324 - WeCom's choice

    def verify(self, msg_signature: str, timestamp: str, nonce: str, encrypt: str) -> None:
        """Raises BadSignature."""
        expected = self.sign(timestamp, nonce, encrypt)
        if not hmac.compare_digest(expected.encode(), msg_signature.encode(errors="replace")):
            raise BadSignature("the signature does not match")

    def decrypt(self, encrypt: str) -> bytes:
        """The message in the base64 text. Raises BadPayload or WrongReceiver; verify comes first."""
        try:
            sealed = base64.b64decode(encrypt, validate=True)
        except ValueError:
            raise BadPayload("Encrypt is not base64") from None
        if not sealed or len(sealed) % _AES_BLOCK_BYTES:
            raise BadPayload("Encrypt is cut off")
        decryptor = self._cipher().decryptor()
        plain = _unpad(decryptor.update(sealed) + decryptor.finalize())
        start = _PREFIX_BYTES + _LENGTH_BYTES
        end = start + int.from_bytes(plain[_PREFIX_BYTES:start], "big")
        if len(plain) < start or end > len(plain):
            raise BadPayload("the length inside does not fit")
        if not hmac.compare_digest(plain[end:], self._receive_id):
            raise WrongReceiver("the callback is for another corp")
        return plain[start:end]

    def encrypt(self, message: bytes, *, prefix: bytes | None = None) -> str:
        """The base64 text of `message`, for replies and tests; `prefix` (16 bytes) is random unless given."""
        head = prefix if prefix is not None else secrets.token_bytes(_PREFIX_BYTES)
        length = len(message).to_bytes(_LENGTH_BYTES, "big")
        encryptor = self._cipher().encryptor()
        plain = _pad(head + length + message + self._receive_id)
        return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:_AES_BLOCK_BYTES]))


def _decode_key(encoded: str) -> bytes:
    # Unused bits are allowed: the 43rd character of a real key may carry some (contract §3.2).
    try:
        key = base64.b64decode(encoded + "=", validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES or len(encoded) != _KEY_CHARS:
        raise ValueError(f"EncodingAESKey must be {_KEY_CHARS} characters of base64")
    return key


def _pad(plain: bytes) -> bytes:
    count = _PAD_BLOCK_BYTES - len(plain) % _PAD_BLOCK_BYTES
    return plain + bytes([count]) * count


def _unpad(padded: bytes) -> bytes:
    count = padded[-1]
    if not 1 <= count <= min(_PAD_BLOCK_BYTES, len(padded)) or padded[-count:] != bytes([count]) * count:
        raise BadPayload("wrong padding: another EncodingAESKey?")
    return padded[:-count]
