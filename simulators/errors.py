"""WeCom's error answers (contract §0.2, §1.2, §13.3)."""

import secrets

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

# Official short texts where known; a client must decide by the code alone.
TEXTS = {
    -1: "system busy",
    6000: "data version conflict",
    40001: "invalid credential",
    40003: "invalid userid",
    40007: "invalid media_id",
    40008: "invalid message type",
    40004: "invalid media type",
    40005: "invalid file type",
    40009: "invalid image size",
    40011: "invalid video size",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40056: "invalid agentid",
    40058: "invalid Request Parameter",
    40063: "some parameters are empty",
    40066: "invalid party list",
    40068: "invalid tagid",
    40071: "tag name already existed",
    40096: "invalid external userid",
    40098: "member not real-name verified",
    40123: "invalid image format",
    40205: "wechat ticket of the member expired",
    40126: "corp tag count limit",
    41001: "access_token missing",
    41004: "corpsecret missing",
    41005: "missing media data",
    41009: "missing userid",
    41011: "missing agentid",
    41035: "missing external userid",
    41037: "missing contact way type",
    41038: "missing contact way scene",
    41039: "invalid contact way type",
    41040: "invalid contact way scene",
    41041: "contact way user count over limit",
    41042: "invalid contact way style",
    41043: "missing config_id",
    41044: "invalid config_id",
    41045: "contact way count over limit",
    41046: "missing msgid",
    41047: "invalid msgid",
    41048: "no customer can be sent to",
    41049: "missing welcome_code",
    41050: "invalid welcome_code",
    41051: "customer and member have started chatting",
    41053: "customer has not consented to chat archiving",
    41054: "member not activated",
    41063: "group message is being dispatched",
    41064: "too many attachments",
    41065: "invalid attachments msgtype",
    41091: "too many chats in join way",
    41093: "group message was cancelled",
    41094: "remind too frequently",
    41096: "welcome message is being sent by another app",
    42001: "access_token expired",
    44001: "empty media data",
    45001: "media size out of limit",
    45002: "content size out of limit",
    45009: "api freq out of limit",
    45033: "api concurrent out of limit",
    45035: "concurrent operation on the same member and customer",
    48002: "api forbidden",
    49008: "chat was dismissed",
    50100: "invalid cursor",
    60020: "not allow to access from your ip",
    60111: "userid not found",
    81013: "user & party & tag all invalid",
    82001: "touser & toparty & totag all empty",
    84061: "not external contact",
    86214: "invalid chat type",
    90501: "not a customer group chat",
    301002: "not allowed operate another agent with this accesstoken",
}

# A required field that is missing has a code of its own where WeCom publishes one (§1.2), else 40058.
MISSING_FIELD = {
    "agentid": 41011,
    "config_id": 41043,
    "external_userid": 41035,
    "msgid": 41046,
    "scene": 41038,
    "type": 41037,
    "userid": 41009,
}

# List fields that come back empty next to an error (§0.2).
EMPTY_LISTS = {
    "externalcontact/get": ("follow_user",),
    "externalcontact/list": ("external_userid",),
    "externalcontact/get_follow_user_list": ("follow_user",),
    "externalcontact/get_corp_tag_list": ("tag_group",),
    "externalcontact/list_contact_way": ("contact_way",),
    "externalcontact/groupchat/list": ("group_chat_list",),
    "externalcontact/add_msg_template": ("fail_list",),
    "externalcontact/get_groupmsg_list_v2": ("group_msg_list",),
    "externalcontact/get_groupmsg_task": ("task_list",),
    "externalcontact/get_groupmsg_send_result": ("send_list",),
}


class WeComFault(Exception):
    """One refusal by WeCom; `detail` only helps a human who reads errmsg."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


def from_validation(error: RequestValidationError) -> WeComFault:
    first = error.errors()[0]
    field = str(first["loc"][-1])
    if first["type"] == "missing":
        return WeComFault(MISSING_FIELD.get(field, 40058), f"missing {field}")
    if first["type"] == "json_invalid":
        return WeComFault(40058, "Warning: wrong json format.")
    return WeComFault(40058, f"{field}: {first['msg']}")


def error_response(fault: WeComFault, *, api: str, ip: str, unix: int) -> JSONResponse:
    """HTTP 200 with the newer hint of 25 digits: ten of unix time, fifteen more (§0.2)."""
    text = TEXTS.get(fault.code, "unknown error")
    if fault.detail:
        text = f"{text} ({fault.detail})"
    hint = f"{unix}{secrets.randbelow(10**15):015d}"
    more = f"https://open.work.weixin.qq.com/devtool/query?e={fault.code}"
    errmsg = f"{text}, hint: [{hint}], from ip: {ip}, more info at {more}"
    body = {
        "errcode": fault.code,
        "errmsg": errmsg,
        **{name: [] for name in EMPTY_LISTS.get(api, ())},
    }
    headers = {"Error-Code": str(fault.code), "Error-Msg": errmsg.encode("ascii", "replace").decode()}
    return JSONResponse(body, headers=headers)
