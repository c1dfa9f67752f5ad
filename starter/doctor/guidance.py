"""How to set each setting: what a person does who reads that it is missing or wrong."""

from integrations.pos import PROVIDERS
from starter.doctor import menus

_ADDRESS = "the address of {}, e.g. https://journeys.example.com"
_FIXES = {
    "database_url": "DATABASE_URL=postgresql://user:password@host:5432/database, special characters of the "
    "password as %XX; or start the embedded stack: make up",
    "temporal_address": "TEMPORAL_ADDRESS=host:port of the Temporal frontend",
    "link_key": "any 32 characters that nobody can guess: openssl rand -hex 32",
    "payload_key": "64 hexadecimal digits: openssl rand -hex 32; keep it: what it encrypted needs it again",
    "gateway_url": _ADDRESS.format("the gateway as WeCom and the till reach it"),
    "public_url": _ADDRESS.format("the gateway as customers' phones reach it") + "; or leave it empty",
    "wecom_base_url": "WECOM_BASE_URL=https://qyapi.weixin.qq.com, without /cgi-bin",
    "wecom_corp_id": f"copy it from {menus.CORP_ID}",
    "wecom_agent_id": f"copy it from {menus.AGENT_ID}",
    "wecom_secret": f"copy it from {menus.SECRET}",
    "wecom_callback_token": f"copy it from {menus.CALLBACK} → Token",
    "wecom_callback_aes_key": f"copy all 43 characters from {menus.CALLBACK} → EncodingAESKey",
    "member_key": "64 hexadecimal digits: openssl rand -hex 32; keep it: what it sealed needs it again",
    "pos_provider": f"POS_PROVIDER={', '.join(PROVIDERS[:-1])} or {PROVIDERS[-1]}",
    "pos_base_url": _ADDRESS.format("the till's interface"),
}


def fix(field: str) -> str:
    """What to do about a setting."""
    how = _FIXES.get(field, f"see {field.upper()} in .env.example and in settings.py")
    return f"set {field.upper()} in the environment or in .env: {how}"
