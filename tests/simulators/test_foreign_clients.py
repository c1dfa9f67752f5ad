"""A client that we did not write, wechatpy, runs its own calls: only its base URL is another one."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from wechatpy.exceptions import (  # type: ignore[import-untyped]
    APILimitedException,
    InvalidSignatureException,
    WeChatClientException,
)
from wechatpy.work import WeChatClient, parse_message  # type: ignore[import-untyped]
from wechatpy.work.crypto import WeChatCrypto  # type: ignore[import-untyped]

from simulators.clock import CHINA
from simulators.config import SimulatorConfig
from simulators.from_settings import standalone_config
from simulators.running import Simulator, running_simulator
from tests.simulators.sim import PNG

AGENT = 1000002


def client(simulator: Simulator) -> Any:
    """wechatpy has its host in two places: the base address, and the one of the token."""
    address = f"{simulator.url}/cgi-bin/"

    class Client(WeChatClient):  # type: ignore[misc]
        API_BASE_URL = address

        def fetch_access_token(self) -> Any:
            query = {"corpid": self.corp_id, "corpsecret": self.secret}
            return self._fetch_access_token(url=f"{address}gettoken", params=query)

    return Client(simulator.config.corp_id, simulator.config.secret)


@dataclass
class Gateway:
    """The callback URL of an app that was built with wechatpy."""

    config: SimulatorConfig
    url: str = ""
    messages: list[Any] = field(default_factory=list)

    def crypto(self) -> Any:
        config = self.config
        return WeChatCrypto(config.callback_token, config.callback_aes_key, config.corp_id)

    def open_echo(self, query: dict[str, str]) -> str:
        signed = (query["msg_signature"], query["timestamp"], query["nonce"])
        return str(self.crypto().check_signature(*signed, query["echostr"]))

    def receive(self, query: dict[str, str], body: bytes) -> None:
        signed = (query["msg_signature"], query["timestamp"], query["nonce"])
        xml = self.crypto().decrypt_message(body, *signed)
        self.messages.append(parse_message(xml))


@contextmanager
def listening(gateway: Gateway) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(gateway.open_echo(self._query()).encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            gateway.receive(self._query(), body)
            self._answer(b"")

        def _query(self) -> dict[str, str]:
            return dict(parse_qsl(urlsplit(self.path).query))

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """The tests look at what was received."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    gateway.url = f"http://127.0.0.1:{server.server_port}/callback"
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    gateway = Gateway(standalone_config())
    with listening(gateway):
        yield gateway


@pytest.fixture(scope="module")
def _url(gateway: Gateway) -> Iterator[str]:
    config = gateway.config.model_copy(update={"callback_url": gateway.url, "mark_tag_seconds": 0})
    with running_simulator(config) as url:
        yield url


@pytest.fixture
def simulator(_url: str, gateway: Gateway) -> Simulator:
    simulator = Simulator(_url, gateway.config)
    simulator.control("reset")
    gateway.messages.clear()
    simulator.control("employees", userid="zhangsan", name="张三")
    simulator.control("employees", userid="lisi", name="李四")
    return simulator


@pytest.fixture
def wechat(simulator: Simulator) -> Any:
    return client(simulator)


def befriend(simulator: Simulator, nickname: str = "小满", userid: str = "zhangsan") -> str:
    person = str(simulator.control("people", nickname=nickname)["external_userid"])
    simulator.control("add", userid=userid, external_userid=person, state="door")
    return person


# ---- token


def test_a_token_that_became_invalid_is_fetched_again(simulator: Simulator, wechat: Any) -> None:
    first = wechat.access_token
    assert wechat.access_token == first
    simulator.control("token/invalidate")
    assert wechat.external_contact.get_follow_user_list()["follow_user"] == ["zhangsan", "lisi"]
    assert wechat.access_token != first


def test_errors_have_the_codes_that_it_knows(simulator: Simulator, wechat: Any) -> None:
    with pytest.raises(WeChatClientException) as caught:
        wechat.external_contact.get("wm-nobody")
    assert caught.value.errcode == 40096
    assert "hint: [" in caught.value.errmsg
    simulator.control("faults", api="externalcontact/get", kind="errcode", errcode=45009)
    with pytest.raises(APILimitedException):
        wechat.external_contact.get("wm-nobody")


# ---- customers


def test_contact_ways(wechat: Any) -> None:
    contact = wechat.external_contact
    made = contact.add_contact_way(type=1, scene=2, remark="门口", state="door", user=["zhangsan"])
    config_id = made["config_id"]
    assert httpx.get(made["qr_code"], trust_env=False).headers["Content-Type"] == "image/png"
    contact.update_contact_way(config_id, remark="收银台", user=["lisi"])
    way = contact.get_contact_way(config_id)["contact_way"]
    assert (way["remark"], way["user"], way["state"]) == ("收银台", ["lisi"], "door")
    contact.del_contact_way(config_id)
    with pytest.raises(WeChatClientException, match="41044"):
        contact.get_contact_way(config_id)


def test_customers(simulator: Simulator, wechat: Any) -> None:
    people = [befriend(simulator, f"客户{number}") for number in range(3)]
    contact = wechat.external_contact
    assert sorted(contact.list("zhangsan")["external_userid"]) == sorted(people)
    details = contact.get(people[0])
    assert details["external_contact"]["name"] == "客户0"
    assert details["follow_user"][0]["state"] == "door"
    assert contact.get_unassigned_list()["info"] == []


def test_a_call_of_an_older_api_is_refused_as_today(simulator: Simulator, wechat: Any) -> None:
    """It still sends `userid`, which the API of today calls userid_list (contract §6.1)."""
    befriend(simulator)
    with pytest.raises(WeChatClientException, match="40058"):
        wechat.external_contact.batch_get_by_user("zhangsan")


def test_a_welcome(simulator: Simulator, wechat: Any, gateway: Gateway) -> None:
    person = befriend(simulator)
    simulator.see("callbacks", settled="true")
    code = gateway.messages[-1].welcome_code
    wechat.external_contact.send_welcome_msg({"welcome_code": code, "text": {"content": "欢迎光临"}})
    (message,) = simulator.see(f"received/{person}")
    assert (message["channel"], message["text"]) == ("welcome", "欢迎光临")


def test_tags(simulator: Simulator, wechat: Any) -> None:
    person, contact = befriend(simulator), wechat.external_contact
    made = contact.add_corp_tag(None, "会员", None, [{"name": "金卡"}, {"name": "银卡"}])["tag_group"]
    gold, silver = (tag["id"] for tag in made["tag"])
    contact.edit_corp_tag(gold, name="黑金卡")
    contact.mark_tag("zhangsan", person, add_tag=[gold, silver])
    contact.mark_tag("zhangsan", person, remove_tag=[silver])
    assert [tag["tag_name"] for tag in contact.get(person)["follow_user"][0]["tags"]] == ["黑金卡"]
    contact.del_corp_tag(tag_id=[silver])
    (group,) = contact.get_corp_tag_list()["tag_group"]
    assert [tag["name"] for tag in group["tag"]] == ["黑金卡"]


def test_behaviour_data(simulator: Simulator, wechat: Any) -> None:
    befriend(simulator)
    today = datetime.fromisoformat(simulator.see("clock")["now"]).astimezone(CHINA)
    simulator.control("clock", advance_seconds=86400)
    midnight = int(today.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())
    data = wechat.external_contact.get_user_behavior_data(["zhangsan"], midnight, midnight)
    assert data["behavior_data"][0]["new_contact_cnt"] == 1


# ---- groups


def test_groups(simulator: Simulator, wechat: Any) -> None:
    person = befriend(simulator)
    chats = [simulator.control("groups", name=f"福利群{n}", owner="zhangsan")["chat_id"] for n in range(3)]
    simulator.control("join", external_userid=person, chat_id=chats[0])
    groups = wechat.external_contact_group_chat
    assert {one["chat_id"] for one in groups.list_all(limit=2)} == set(chats)
    group = groups.get(chats[0])["group_chat"]
    assert {member["userid"] for member in group["member_list"]} == {"zhangsan", person}


def test_group_welcome_templates(wechat: Any) -> None:
    contact = wechat.external_contact
    made = contact.add_group_welcome_template({"text": {"content": "欢迎入群"}}, AGENT)
    template_id = made["template_id"]
    contact.update_group_welcome_template({"text": {"content": "欢迎新朋友"}}, template_id, AGENT)
    assert contact.get_group_welcome_template(template_id)["text"]["content"] == "欢迎新朋友"
    contact.del_group_welcome_template(template_id, AGENT)


# ---- messages and media


def test_mass_messages_and_media(simulator: Simulator, wechat: Any) -> None:
    person = befriend(simulator)
    uploaded = wechat.media.upload("image", ("好.png", io.BytesIO(PNG), "image/png"))
    template = {
        "chat_type": "single",
        "external_userid": [person],
        "sender": "zhangsan",
        "text": {"content": "周三会员日"},
        "attachments": [{"msgtype": "image", "image": {"media_id": uploaded["media_id"]}}],
    }
    made = wechat.external_contact.add_msg_template(template)
    assert made["fail_list"] == []
    simulator.control("tasks/confirm", msgid=made["msgid"], userid="zhangsan")
    (message,) = simulator.see(f"received/{person}")
    assert message["attachments"][0]["image"]["media_id"] == uploaded["media_id"]
    picture = wechat.media.upload_img(io.BytesIO(PNG))
    assert httpx.get(picture["url"], trust_env=False).content == PNG


def test_messages_to_employees(simulator: Simulator, wechat: Any) -> None:
    message = wechat.message
    answer = message.send_text(AGENT, ["ZhangSan", "nobody"], "三位客户今天生日")
    assert answer["invaliduser"] == "nobody"
    message.send_text_card(AGENT, "lisi", "待办", "回访", "https://example.com/todo", "去看")
    message.send_markdown(AGENT, "lisi", "**今天**")
    seen = [(one["userid"], one["msgtype"]) for one in simulator.see("messages")]
    assert seen == [("zhangsan", "text"), ("lisi", "textcard"), ("lisi", "markdown")]


def test_the_directory(wechat: Any) -> None:
    assert wechat.user.get("zhangsan")["name"] == "张三"
    assert [one["name"] for one in wechat.user.list(1, simple=True)] == ["张三", "李四"]
    assert wechat.department.simple_list()
    assert wechat.misc.get_wechat_ips()


# ---- callbacks


def test_it_opens_our_callbacks(simulator: Simulator, gateway: Gateway) -> None:
    person = befriend(simulator)
    simulator.control("delete", userid="zhangsan", external_userid=person, by="customer")
    chat_id = simulator.control("groups", name="福利群", owner="zhangsan")["chat_id"]
    outcomes = {one["outcome"] for one in simulator.see("callbacks", settled="true")}
    assert outcomes == {"delivered"}
    added, group, deleted = sorted(gateway.messages, key=lambda one: str(one.change_type))
    assert (added.change_type, added.external_user_id, added.state) == (
        "add_external_contact",
        person,
        "door",
    )
    assert (deleted.change_type, deleted.user_id) == ("del_follow_user", "zhangsan")
    assert (group.change_type, group.chat_id) == ("create", chat_id)


def test_it_answers_the_echo_of_a_saved_url(simulator: Simulator) -> None:
    assert simulator.control("callbacks/verify") == {"verified": True}


def test_it_refuses_another_token(gateway: Gateway) -> None:
    encrypted = gateway.crypto().encrypt_message("<xml></xml>", "nonce", "1")
    stranger = WeChatCrypto("another", gateway.config.callback_aes_key, gateway.config.corp_id)
    with pytest.raises(InvalidSignatureException):
        stranger.decrypt_message(encrypted, "0" * 40, "1", "nonce")
