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
    40035: "invalid parameter",
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
    40031: "invalid user list",
    40097: "member has not resigned",
    40099: "contact count of the member over limit",
    40128: "customer was transferred too often",
    40129: "customer is being transferred",
    40130: "handover and takeover member are the same",
    40131: "handover member is not a follower",
    41055: "group welcome template count over limit",
    41058: "no right to edit this group welcome template",
    41059: "missing moment_id",
    41060: "invalid moment_id",
    41061: "moment is not of this user",
    41062: "member has not published the moment",
    41067: "api not for this type of moment",
    41068: "word list too long",
    41069: "intercept rule count over limit",
    41070: "invalid intercept rule id",
    41071: "intercept rule was deleted",
    41072: "media was uploaded for another scene",
    41076: "applicable range too large",
    41077: "rule name already existed",
    41078: "too many moment jobs running",
    41079: "moment is being dispatched",
    41080: "attachment size out of limit",
    41081: "attachment resolution out of limit",
    41082: "video duration out of limit",
    41083: "invalid intercept word",
    41084: "invalid semantics",
    41088: "empty attachment list",
    41089: "neither text nor attachments",
    41090: "invalid video",
    60011: "no privilege to access the member",
    60136: "record does not exist",
    81017: "too many items",
    84074: "no external contact permission",
    90500: "owner has not resigned",
    90502: "owner has resigned",
    90503: "group is full",
    90504: "owner does not change",
    90507: "group is being handed over",
    90508: "group was handed over",
    90509: "not a WeCom customer group",
    90511: "invalid opengid",
    830001: "invalid url",
    830002: "file size out of limit",
    830003: "download failed",
    40029: "invalid oauth code",
    41056: "wrong type of external userid",
    41057: "corp has not bound a WeChat developer account",
    41095: "acquisition link count over limit",
    60003: "department not found",
    610004: "not a customer of the corp",
    610014: "invalid unionid",
    82002: "too many parties",
    82003: "too many tags",
    82004: "invalid content",
    42014: "invalid template_card.task_id",
    42015: "the card was sent by another app",
    42018: "invalid key",
    42027: "missing horizontal_content_list.keyname",
    42028: "missing template_card url",
    42029: "missing horizontal_content_list.media_id",
    42030: "missing template_card appid",
    42031: "invalid template_card.card_type",
    42033: "missing template_card title",
    42035: "invalid size of horizontal_content_list",
    42036: "invalid size of vertical_content_list",
    42037: "invalid size of option_list",
    42038: "invalid button_list.text",
    42039: "invalid button_list.key",
    42040: "invalid option_list.id",
    42041: "invalid option_list.text",
    42042: "invalid size of jump_list",
    42043: "invalid question_key",
    42044: "invalid card_image.url",
    42045: "invalid card_action",
    42046: "invalid submit_button.key",
    42047: "invalid size of select_list",
    42049: "invalid submit_button.text",
    42050: "invalid horizontal_content_list.userid",
    42051: "conflicting action_menu keys",
    42052: "msgid expired",
    43012: "app has no callback url",
    44004: "empty content",
    45008: "invalid number of articles",
    60140: "invalid response_code",
    82101: "no target of the update",
    82102: "target is not in the message",
    90200: "missing miniprogram appid",
    301002: "not allowed operate another agent with this accesstoken",
}

# A required field that is missing has a code of its own where WeCom publishes one (§1.2), else 40058.
MISSING_FIELD = {
    "agentid": 41011,
    "config_id": 41043,
    "external_userid": 41035,
    "moment_id": 41059,
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
    "externalcontact/batch/get_by_user": ("external_contact_list",),
    "externalcontact/customer_acquisition/list_link": ("link_id_list",),
    "externalcontact/customer_acquisition/customer": ("customer_list",),
    "externalcontact/customer_acquisition_quota": ("quota_list",),
    "externalcontact/get_user_behavior_data": ("behavior_data",),
    "user/simplelist": ("userlist",),
    "user/list": ("userlist",),
    "department/simplelist": ("department_id",),
    "department/list": ("department",),
    "getcallbackip": ("ip_list",),
    "get_api_domain_ip": ("ip_list",),
    "externalcontact/groupchat/list": ("group_chat_list",),
    "externalcontact/add_msg_template": ("fail_list",),
    "externalcontact/get_groupmsg_list_v2": ("group_msg_list",),
    "externalcontact/get_groupmsg_task": ("task_list",),
    "externalcontact/get_groupmsg_send_result": ("send_list",),
    "externalcontact/get_strategy_tag_list": ("tag_group",),
    "externalcontact/groupchat/statistic": ("items",),
    "externalcontact/groupchat/statistic_group_by_day": ("items",),
    "externalcontact/groupchat/transfer": ("failed_chat_list",),
    "externalcontact/groupchat/onjob_transfer": ("failed_chat_list",),
    "externalcontact/get_moment_list": ("moment_list",),
    "externalcontact/get_moment_task": ("task_list",),
    "externalcontact/get_moment_customer_list": ("customer_list",),
    "externalcontact/get_moment_send_result": ("customer_list",),
    "externalcontact/get_moment_comments": ("comment_list", "like_list"),
    "externalcontact/transfer_customer": ("customer",),
    "externalcontact/transfer_result": ("customer",),
    "externalcontact/resigned/transfer_customer": ("customer",),
    "externalcontact/resigned/transfer_result": ("customer",),
    "externalcontact/get_unassigned_list": ("info",),
    "externalcontact/get_intercept_rule_list": ("rule_list",),
}


DETAIL_CHARS = 200


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
    if field == "agentid":  # "must be an int" (§1.2)
        return WeComFault(40056, str(first["msg"]))
    if first["type"] == "json_invalid":
        return WeComFault(40058, "Warning: wrong json format.")
    return WeComFault(40058, f"{field}: {first['msg']}")


def _one_line(detail: str) -> str:
    """It stands in a header too, and may quote whatever the caller sent."""
    return "".join(one if one.isprintable() else " " for one in detail[:DETAIL_CHARS])


def error_response(fault: WeComFault, *, api: str, ip: str, unix: int) -> JSONResponse:
    """HTTP 200 with the newer hint of 25 digits: ten of unix time, fifteen more (§0.2)."""
    text = TEXTS.get(fault.code, "unknown error")
    if fault.detail:
        text = f"{text} ({_one_line(fault.detail)})"
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
