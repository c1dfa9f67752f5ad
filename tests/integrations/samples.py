"""One answer of WeCom for every shape that the client reads, with every field that the client knows."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from integrations.wecom import (
    AcquisitionChat,
    AcquisitionLink,
    AcquisitionQuota,
    AcquisitionStatistic,
    AppMessageSent,
    BehaviorDay,
    ContactDetail,
    ContactOf,
    ContactWay,
    DayFigures,
    Department,
    GroupChat,
    GroupMsg,
    GroupNotTransferred,
    GroupWelcome,
    InterceptRule,
    JoinWay,
    ListedMoment,
    MassTaskCreated,
    Member,
    MomentJob,
    MomentMember,
    MomentReactions,
    SendResult,
    TagGroup,
    TaskMember,
    TransferAnswer,
    TransferResult,
    Unassigned,
    UploadedMedia,
    UploadJob,
)

AT = 1525779812
CONTACT: dict[str, Any] = {
    "external_userid": "wm1",
    "name": "李四",
    "type": 1,
    "gender": 2,
    "unionid": "o1",
}
FOLLOW: dict[str, Any] = {
    "userid": "zhangsan",
    "createtime": AT,
    "add_way": 16,
    "state": "s1",
    "remark": "r",
    "remark_mobiles": ["13800000001"],
    "remark_corp_name": "c",
    "description": "d",
    "oper_userid": "wm1",
}
FIGURES = {"new_chat_cnt": 2, "chat_total": 3, "member_total": 60, "msg_total": 7}
TAG = {"id": "et1", "name": "latte", "order": 3, "create_time": AT, "deleted": False}

SAMPLES: list[tuple[type[BaseModel], dict[str, Any]]] = [
    (
        ContactDetail,
        {
            "external_contact": CONTACT,
            "follow_user": [
                {**FOLLOW, "tags": [{"tag_id": "et1", "tag_name": "t", "group_name": "g", "type": 1}]}
            ],
        },
    ),
    (ContactOf, {"external_contact": CONTACT, "follow_info": {**FOLLOW, "tag_id": ["et1", "et2"]}}),
    (
        ContactWay,
        {
            "config_id": "c1",
            "type": 2,
            "scene": 2,
            "style": 1,
            "user": ["a"],
            "party": [2, 3],
            "is_temp": True,
            "expires_in": 86_400,
            "chat_expires_in": 3600,
            "conclusions": {"text": {"content": "bye"}, "image": {"pic_url": "https://p/1"}},
        },
    ),
    (
        JoinWay,
        {"config_id": "c1", "scene": 2, "chat_id_list": ["wr1"], "auto_create_room": 1, "room_base_id": 10},
    ),
    (
        GroupChat,
        {
            "chat_id": "wr1",
            "owner": "boss",
            "create_time": AT,
            "member_list": [
                {
                    "userid": "wm1",
                    "type": 2,
                    "join_time": AT,
                    "join_scene": 1,
                    "invitor": {"userid": "boss"},
                }
            ],
            "admin_list": [{"userid": "sam"}],
            "member_version": "v1",
        },
    ),
    (
        TagGroup,
        {
            "group_id": "et0",
            "group_name": "g",
            "order": 1,
            "create_time": AT,
            "strategy_id": 7,
            "tag": [TAG],
        },
    ),
    (GroupWelcome, {"text": {"content": "hi"}, "link": {"title": "t", "url": "https://example.com"}}),
    (
        AcquisitionLink,
        {
            "link": {"link_id": "ca1", "link_name": "l", "url": "u", "create_time": AT, "skip_verify": True},
            "range": {"user_list": ["a"], "department_list": [2]},
            "priority_option": {"priority_type": 2, "priority_userid_list": ["a"]},
        },
    ),
    (AcquisitionQuota, {"total": 1000, "balance": 500, "quota_list": [{"expire_date": AT, "balance": 500}]}),
    (AcquisitionStatistic, {"click_link_customer_cnt": 5, "new_customer_cnt": 3}),
    (
        AcquisitionChat,
        {
            "userid": "a",
            "external_userid": "wm1",
            "chat_info": {"recv_msg_cnt": 3, "link_id": "ca1", "state": "s"},
        },
    ),
    (MassTaskCreated, {"msgid": "msg1", "fail_list": ["wm9"]}),
    (GroupMsg, {"msgid": "m", "create_time": AT, "create_type": 1, "text": {"content": "hi"}}),
    (TaskMember, {"userid": "a", "status": 2, "send_time": AT}),
    (SendResult, {"userid": "a", "status": 1, "external_userid": "wm1", "send_time": AT}),
    (
        MomentJob,
        {
            "status": 3,
            "result": {
                "errcode": 0,
                "errmsg": "ok",
                "moment_id": "mom1",
                "invalid_sender_list": {"user_list": ["x"], "department_list": [9]},
                "invalid_external_contact_list": {"tag_list": ["et9"]},
            },
        },
    ),
    (
        ListedMoment,
        {
            "moment_id": "mom1",
            "create_time": AT,
            "create_type": 0,
            "visible_type": 1,
            "text": {"content": "hi"},
            "image": [{"media_id": "m"}],
            "link": {"title": "t", "url": "u"},
        },
    ),
    (MomentMember, {"userid": "a", "publish_status": 1}),
    (
        MomentReactions,
        {
            "comment_list": [{"userid": "a", "create_time": AT}],
            "like_list": [{"external_userid": "wm1", "create_time": AT}],
        },
    ),
    (TransferAnswer, {"external_userid": "wm1", "errcode": 40128}),
    (TransferResult, {"external_userid": "wm1", "status": 2, "takeover_time": AT}),
    (Unassigned, {"handover_userid": "a", "external_userid": "wm1", "dimission_time": AT}),
    (GroupNotTransferred, {"chat_id": "wr1", "errcode": 90500, "errmsg": "e"}),
    (
        InterceptRule,
        {
            "rule_id": "r1",
            "rule_name": "n",
            "word_list": ["w"],
            "extra_rule": {"semantics_list": [1, 2]},
            "intercept_type": 2,
            "applicable_range": {"user_list": ["a"], "department_list": [2]},
        },
    ),
    (
        BehaviorDay,
        {
            "stat_time": AT,
            "chat_cnt": 3,
            "message_cnt": 9,
            "reply_percentage": 60.25,
            "avg_reply_time": 4,
            "new_contact_cnt": 5,
        },
    ),
    (DayFigures, {"stat_time": AT, "data": FIGURES}),
    (UploadedMedia, {"type": "image", "media_id": "m", "created_at": AT}),
    (
        UploadJob,
        {
            "errcode": 0,
            "status": 2,
            "detail": {"errcode": 0, "errmsg": "ok", "media_id": "m", "created_at": AT},
        },
    ),
    (
        Member,
        {
            "userid": "a",
            "name": "张三",
            "department": [1, 2],
            "main_department": 1,
            "is_leader_in_dept": [1, 0],
            "status": 4,
        },
    ),
    (Department, {"id": 2, "parentid": 1, "order": 10}),
    (AppMessageSent, {"msgid": "m", "invaliduser": "u1|u2", "unlicenseduser": "", "response_code": "c"}),
]
