"""Youzan's three envelopes, always HTTP 200, and what their codes mean (contract §6.2).

    gateway   {"gw_err_resp": {"err_code", "err_msg", "trace_id"}}
    business  {"success", "code", "data", "message", "trace_id"}: on failure `data` may hold empty lists
    old       {"response"} or {"error_response": {"code", "msg"}}

A code that is not in the table leaves open what happened.
"""

from __future__ import annotations

from collections.abc import Mapping

from integrations.pos.errors import (
    PosAuthError,
    PosDuplicate,
    PosError,
    PosInvalidRequest,
    PosNotFound,
    PosPermissionError,
    PosRateLimited,
    PosUnavailable,
)

TOKEN_REFUSED = ("4201", "4202", "4203")
FIRST_BACK_OFF_SECONDS = 3.0  # Youzan prescribes 3, 6, 12, 24, 48 s

# 106000001 and 106100118, timeouts of theirs, are left out: they do leave it open.
_KINDS: dict[type[PosError], tuple[int, ...]] = {
    PosAuthError: (4201, 4202, 4203),
    PosPermissionError: (4204,),
    PosRateLimited: (4101, 500100004, 123000042, 141500203),
    PosInvalidRequest: (
        *(4001, 4004, 4005, 4007, 4008, 4010, 5001, 5002, 53001, 53002),
        *(160700503, 160700601),
    ),
    PosNotFound: (
        *(4009, 141001107, 141502108, 144100000, 144100001),  # the customer
        *(106000004, 106100110, 103011024),  # the order or refund; also: it is another shop's
    ),
    PosDuplicate: (142100106,),
}
_BY_CODE = {str(code): kind for kind, codes in _KINDS.items() for code in codes}
_HINTS = {  # of errors that somebody must act on
    "1000": "check POS_APP_ID and POS_API_KEY",
    "1004": "the authorisation of POS_ACCOUNT has ended: authorise the app for the shop again",
    "1105": "the app must be an own app (自用型)",
    "4007": "add this machine's address to the app's IP list (IP 白名单)",
    "4204": "grant the app the capability pack (能力包) of this API",
}


def refusal(api: str, answer: Mapping[str, object], unclear: type[PosError]) -> PosError | None:
    """The error that an answer says, or None. Its text has no message of theirs: that may name a customer."""
    told = answer.get("gw_err_resp") or answer.get("error_response")
    if isinstance(told, dict):
        code, message = told.get("err_code", told.get("code")), told.get("err_msg", told.get("msg"))
        return _error(api, str(code), str(message), told.get("trace_id"), unclear)
    data = answer.get("data")
    done = "response" in answer or answer.get("success") is True
    if done and not (isinstance(data, dict) and str(data.get("is_success", "true")).lower() == "false"):
        return None
    code, message = str(answer.get("code")), str(answer.get("message"))
    return _error(api, code, message, answer.get("trace_id"), unclear)


def _error(api: str, code: str, message: str, trace: object, unclear: type[PosError]) -> PosError:
    kind = _kind(code, message, unclear)
    hint = _HINTS.get(code) if issubclass(kind, PosAuthError) else None
    text = f"{api}: {code}" + (f" (trace {trace})" if trace else "") + (f": {hint}" if hint else "")
    return kind(
        text, provider_code=code, retry_after_s=FIRST_BACK_OFF_SECONDS if kind is PosRateLimited else None
    )


def _kind(code: str, message: str, unclear: type[PosError]) -> type[PosError]:
    if code == "4007" and "IP" in message:  # 源IP is not on the app's list
        return PosPermissionError
    if code == "5000" and message == "trade not found":
        return PosNotFound
    return _BY_CODE.get(code, unclear)


def unusable(api: str, status: int, unclear: type[PosError]) -> PosError:
    """An answer that is none of the envelopes: a proxy's, or the gateway's own trouble."""
    kind = {404: PosUnavailable, 429: PosRateLimited}.get(status, unclear)  # 404: not Youzan's address
    return kind(f"{api}: HTTP {status} without an answer of Youzan's")
