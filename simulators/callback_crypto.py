"""Encryption and signature of WeCom callbacks, the sender's side (contract §3.2).

Written independently of `integrations/`: the two ends of a wire must not share their mistakes.
"""

import hashlib
import os
import struct
from base64 import b64decode, b64encode
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

# PKCS#7 with a block of 32, not AES's 16: a pad is 1..32 bytes long.
_BLOCK = 32


@dataclass(frozen=True)
class CallbackCrypto:
    token: str
    aes_key: str  # 43 characters of base64; the last one's unused bits may be set
    receive_id: str  # the corpid, for a self-built app

    def _cipher(self) -> Cipher[modes.CBC]:
        key = b64decode(self.aes_key + "=")
        return Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        parts = sorted([self.token, timestamp, nonce, encrypted])
        return hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()

    def encrypt(self, message: str, random16: bytes | None = None) -> str:
        body = message.encode()
        plain = (random16 or os.urandom(16)) + struct.pack(">I", len(body)) + body + self.receive_id.encode()
        pad = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher().encryptor()
        return b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def decrypt(self, encrypted: str) -> str:
        decryptor = self._cipher().decryptor()
        padded = decryptor.update(b64decode(encrypted)) + decryptor.finalize()
        plain = padded[: -padded[-1]]
        (length,) = struct.unpack(">I", plain[16:20])
        message, receive_id = plain[20 : 20 + length], plain[20 + length :]
        if receive_id.decode() != self.receive_id:
            raise ValueError("the callback was encrypted for another corp")
        return message.decode()
