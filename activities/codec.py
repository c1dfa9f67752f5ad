"""Payloads outside the embedded stack: compressed, then encrypted; histories hold nothing readable."""

import os
import zlib
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

ENCODING = b"binary/zlib+aes256gcm"
NONCE_BYTES = 12


class WrongKey(Exception):
    """A payload was encrypted with another PAYLOAD_KEY."""


class EncryptingCodec(PayloadCodec):
    """AES-256-GCM under one key. Payloads of before, in the clear, are still read."""

    def __init__(self, key_hex: str) -> None:
        key = bytes.fromhex(key_hex)
        if len(key) != 32:
            raise ValueError("PAYLOAD_KEY must be 64 hex digits: openssl rand -hex 32")
        self._cipher = AESGCM(key)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._encode(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._decode(payload) for payload in payloads]

    def _encode(self, payload: Payload) -> Payload:
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, zlib.compress(payload.SerializeToString()), None)
        return Payload(metadata={"encoding": ENCODING}, data=nonce + sealed)

    def _decode(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        nonce, sealed = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        try:
            return Payload.FromString(zlib.decompress(self._cipher.decrypt(nonce, sealed, None)))
        except InvalidTag:
            raise WrongKey("a payload was encrypted with another PAYLOAD_KEY") from None
