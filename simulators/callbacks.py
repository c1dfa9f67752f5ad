"""The callbacks that WeCom sends to the apps (contract §3.3-3.8). Calls of the API itself cause none."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from simulators.callback_door import CallbackDoor
from simulators.callback_xml import Value, element, event_xml, raw_event_xml
from simulators.clock import SimulatorClock
from simulators.config import SimulatorConfig
from simulators.outbox import Outbox
from simulators.state.groups import Groups
from simulators.state.org import App, Department, Org
from simulators.state.people import Employee

CustomerChange = Literal[
    "add_external_contact",
    "add_half_external_contact",
    "del_external_contact",
    "del_follow_user",
    "edit_external_contact",
    "msg_audit_approved",
    "transfer_fail",
]
FailReason = Literal["customer_refused", "customer_limit_exceed"]
GroupChange = Literal["change_owner", "change_name", "change_notice"]
TagChange = Literal["create", "update", "delete", "shuffle"]
StaffChange = Literal["create_user", "update_user", "delete_user"]
PartyChange = Literal["create_party", "update_party", "delete_party"]
AcquisitionChange = Literal[
    "balance_low",
    "balance_exhausted",
    "balance_increased",
    "quota_expire_soon",
    "link_unavailable",
    "delete_link",
    "open_profile",
    "friend_request",
    "customer_start_chat",
    "message_from_customer",
    "del_follow_user",
]
AppEvent = Literal[
    "subscribe", "unsubscribe", "enter_agent", "template_card_event", "template_card_menu_event"
]


class Callbacks:
    def __init__(
        self, config: SimulatorConfig, clock: SimulatorClock, outbox: Outbox, org: Org, groups: Groups
    ) -> None:
        self.config = config
        self._clock = clock
        self._org = org
        self._groups = groups
        self.outbox = outbox
        self.door = CallbackDoor(config, clock, outbox)

    def customer(
        self,
        change: CustomerChange,
        userid: str,
        external_userid: str,
        *,
        state: str | None = None,
        welcome_code: str | None = None,
        source: Literal["DELETE_BY_TRANSFER"] | None = None,
        fail_reason: FailReason | None = None,
    ) -> None:
        fields: dict[str, Value] = {
            "ChangeType": change,
            "FailReason": fail_reason,
            "UserID": userid,
            "ExternalUserID": external_userid,
            "State": state or None,
            "WelcomeCode": welcome_code,
            "Source": source,
        }
        self._event("change_external_contact", change, fields, self._about_customers(userid))

    def group(self, change: Literal["create", "dismiss"], chat_id: str) -> None:
        fields: dict[str, Value] = {"ChatId": chat_id, "ChangeType": change}
        self._event("change_external_chat", change, fields, self._about_group(chat_id))

    def group_changed(self, detail: GroupChange, chat_id: str) -> None:
        fields: dict[str, Value] = {"ChatId": chat_id, "ChangeType": "update", "UpdateDetail": detail}
        self._event("change_external_chat", f"update/{detail}", fields, self._about_group(chat_id))

    def group_members(
        self,
        detail: Literal["add_member", "del_member"],
        chat_id: str,
        members: Sequence[str],
        versions: tuple[str, str],
        *,
        join_scene: int = 0,
        quit_scene: int = 0,
    ) -> None:
        fields: dict[str, Value] = {
            "ChatId": chat_id,
            "ChangeType": "update",
            "UpdateDetail": detail,
            "JoinScene": join_scene,
            "QuitScene": self._quit_scene(quit_scene),
            "MemChangeCnt": len(members),
            "MemChangeList": self._member_list(members),
            "LastMemVer": versions[0],
            "CurMemVer": versions[1],
        }
        self._event("change_external_chat", f"update/{detail}", fields, self._about_group(chat_id))

    def tag(
        self,
        change: TagChange,
        id_: str | None,
        kind: Literal["tag", "tag_group"] | None,
        strategy_id: int | None = None,
    ) -> None:
        """Only of the admin console (§3.6). A shuffle without an id is one of the groups themselves."""
        fields: dict[str, Value] = {
            "Id": id_,
            "TagType": kind,
            "StrategyId": strategy_id,
            "ChangeType": change,
        }
        self._event("change_external_tag", f"tag/{change}", fields, self._about_customers())

    def upload_finished(self, jobid: str, agent_id: int) -> None:
        event = "upload_media_job_finish"
        self._event(event, event, {"JobId": jobid}, [self._org.app(agent_id)])

    def staff(self, change: StaffChange, employee: Employee, *, old_userid: str | None = None) -> None:
        """Only to apps that asked to hear of the directory, and that see the member (§3.8)."""
        fields: dict[str, Value] = {
            "ChangeType": change,
            "UserID": old_userid or employee.userid,
            "NewUserID": employee.userid if old_userid else None,
        }
        if change != "delete_user":
            fields["Name"] = employee.name
            fields["Department"] = ",".join(map(str, employee.departments))
            fields["Position"] = employee.position or None
        hearers = [app for app in self._about_staff() if self._org.visible(employee.userid, app)]
        self._event("change_contact", change, fields, hearers)

    def party(self, change: PartyChange, department: Department) -> None:
        fields: dict[str, Value] = {"ChangeType": change, "Id": department.department_id}
        if change != "delete_party":
            fields |= {"Name": department.name, "ParentId": department.parent_id, "Order": department.order}
        self._event("change_contact", change, fields, self._about_staff())

    def acquisition(self, change: AcquisitionChange, agent_id: int | None = None, **fields: Value) -> None:
        """Of a link only the app that made it hears; of the corp's quota, every app (§3.7)."""
        hearers = [app for app in self._about_customers() if agent_id in (None, app.agent_id)]
        event = "customer_acquisition"
        self._event(event, f"{event}/{change}", {"ChangeType": change, **fields}, hearers)

    def app(self, event: AppEvent, agent_id: int, userid: str, inner: str = "") -> None:
        """What an employee does with the app itself (§3.8): here FromUserName is that person."""
        created = self._clock.unix()
        extra = f"{inner}{element('AgentID', agent_id)}"
        xml = event_xml(self.config.corp_id, created, event, {}, sender=userid, inner=extra)
        self.door.deliver(self._org.app(agent_id), event, xml)

    def raw(self, inner: str) -> None:
        """Any inner XML, properly signed: for events that the app does not know."""
        self._send("raw", raw_event_xml(self.config.corp_id, self._clock.unix(), inner), self._org.apps[:1])

    def _quit_scene(self, scene: int) -> int | None:
        match self.config.quit_scene:
            case "told":
                return scene
            case "zero":
                return 0
            case "absent":
                return None

    def _member_list(self, members: Sequence[str]) -> Value:
        match self.config.mem_change_list:
            case "items":
                return members
            case "csv":
                return ",".join(members)
            case "absent":
                return None

    def first_told(self, text: str) -> datetime | None:
        """When the first delivery whose content holds this text was attempted."""
        told = [one.attempts[0].at for one in self.outbox.log if one.attempts and text in one.content]
        return min(told, default=None)

    def _event(self, event: str, change: str, fields: dict[str, Value], hearers: list[App]) -> None:
        self._send(change, event_xml(self.config.corp_id, self._clock.unix(), event, fields), hearers)

    def _send(self, name: str, xml: str, hearers: list[App]) -> None:
        for app in hearers:
            self.door.deliver(app, name, xml)

    def _about_customers(self, userid: str | None = None) -> list[App]:
        """Apps with the permission and the switch, that see the member and may hear of customers (§0.1)."""
        return [
            app
            for app in self._org.apps
            if app.callable and app.customer_events and (userid is None or self._org.serves(userid, app))
        ]

    def _about_group(self, chat_id: str) -> list[App]:
        return self._about_customers(self._groups.known(chat_id).owner)

    def _about_staff(self) -> list[App]:
        return [app for app in self._org.apps if app.contact_events]
