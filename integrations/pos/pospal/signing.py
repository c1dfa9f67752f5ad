"""Pospal's signatures: upper-case MD5 over a key and the very bytes that are sent. Contract §5.1, §5.7."""

from __future__ import annotations

import hashlib


def v1(app_key: str, body: bytes) -> str:
    """The header `data-signature`, of our calls and of Pospal's pushes alike."""
    return _md5(app_key.encode() + body)


def v2(app_id: str, app_key: str, timestamp: str, body: bytes) -> str:
    """The header `data-signature-v3`; `timestamp` is that of the header `time-stamp`, in milliseconds."""
    return _md5(f"{app_id}{app_key}{timestamp}".encode() + body)


def _md5(signed: bytes) -> str:
    return hashlib.md5(signed, usedforsecurity=False).hexdigest().upper()  # theirs, not our choice
