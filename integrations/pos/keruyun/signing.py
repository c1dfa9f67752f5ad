"""The signature of version 2.0, of our calls and of the provider's pushes alike. Contract §7.

SHA-256, in lower-case hex, of the parameters in a fixed order, each name followed by its value, then "body"
and the very bytes that are sent, then the key: nothing stands between them. The key is the token of the brand
or the shop; the call that fetches the token is signed with the secret itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

VERSION = "2.0"
# `token` is sent by one SDK only; Options.send_token
ORDER = ("appKey", "shopIdenty", "brandId", "timestamp", "token", "version")


def signature(query: Mapping[str, str], key: str, body: bytes | None = None) -> str:
    """`query` may hold more than is signed."""
    signed = "".join(name + query[name] for name in ORDER if name in query).encode()
    if body is not None:
        signed += b"body" + body
    return hashlib.sha256(signed + key.encode()).hexdigest()
