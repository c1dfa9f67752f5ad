"""Identifiers in the shapes of contract §0.3."""

import secrets

# 22 random bytes are 30 characters of base64url, the usual rest after WeCom's two-letter prefix.
_BYTES = 22


def external_userid(prefix: str = "wm") -> str:
    """wm: a WeChat user; wo: a WeCom user of another corp."""
    return prefix + secrets.token_urlsafe(_BYTES)


def openid() -> str:
    return "o" + secrets.token_urlsafe(20)


def link_id() -> str:
    return "caw" + secrets.token_urlsafe(_BYTES)


def chat_key() -> str:
    return secrets.token_urlsafe(48)


def pending_id() -> str:
    return "wp" + secrets.token_urlsafe(_BYTES)


def response_code() -> str:
    return secrets.token_urlsafe(64)


def unionid() -> str:
    return "o" + secrets.token_urlsafe(20)


def chat_id() -> str:
    return "wr" + secrets.token_urlsafe(_BYTES)


def tag_id() -> str:
    return "et" + secrets.token_urlsafe(_BYTES)


def strategy_tag_id() -> str:
    return "st" + secrets.token_urlsafe(_BYTES)


def moment_id() -> str:
    return "mom" + secrets.token_urlsafe(_BYTES)


def opengid() -> str:
    return "o" + secrets.token_urlsafe(20)


def job_id() -> str:
    return "jobid_" + secrets.token_urlsafe(_BYTES)


def rule_id() -> str:
    return "rule_" + secrets.token_hex(8)


def msgid() -> str:
    return "msg" + secrets.token_urlsafe(_BYTES)


def config_id() -> str:
    return secrets.token_hex(16)


def member_version() -> str:
    return secrets.token_hex(16)


def welcome_code() -> str:
    return secrets.token_urlsafe(32)


def access_token() -> str:
    return secrets.token_urlsafe(160)


def media_id() -> str:
    return secrets.token_urlsafe(48)


def till_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(8)}"


def till_number() -> str:
    """19 digits: it fits 64 bits, and no float."""
    return str(10**18 + secrets.randbelow(8 * 10**18))
