"""Tokens, secrets, welcome codes and phones stay out of exceptions, reprs and logs."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import SecretStr

from integrations.pos import GenericPos, MemberKey, PosError
from integrations.wecom import ContactEvent, Message, Token, WeComError, parse_event
from tests.integrations.fakes import SECRET, FakeWeCom, client_on, error

TOKEN = "token-number-1"
WELCOME_CODE = "the-welcome-code"
WELCOME = "externalcontact/send_welcome_msg"


def _raise(kind: type[httpx.RequestError]) -> Callable[[httpx.Request], httpx.Response]:
    def fail(request: httpx.Request) -> httpx.Response:
        raise kind(f"could not reach {request.url}", request=request)

    return fail


def _echo(request: httpx.Request) -> httpx.Response:
    """A server that repeats the request's query in its errmsg."""
    return httpx.Response(200, json={"errcode": 40058, "errmsg": f"bad request {request.url}"})


def _everything_said(caught: BaseException) -> str:
    """Also what a log handler or an error tracker would show."""
    shown = "".join(traceback.format_exception(caught))
    return f"{caught} {caught!r} {vars(caught)} {shown}"


FAILURES = [
    _raise(httpx.ConnectError),
    _raise(httpx.ReadTimeout),
    _raise(httpx.RemoteProtocolError),
    _echo,
    httpx.Response(500),
    httpx.Response(404),
    httpx.Response(301, headers={"location": "https://elsewhere"}),
    httpx.Response(200, text="no json"),
    error(40014),
    error(48002),
]


@pytest.mark.anyio
@pytest.mark.parametrize("reply", FAILURES)
@pytest.mark.parametrize("api", ["gettoken", WELCOME])
async def test_no_failure_shows_a_secret(api: str, reply: httpx.Response) -> None:
    fake = FakeWeCom().prepare(WELCOME, {}).prepare(api, reply)
    with pytest.raises(WeComError) as caught:
        await client_on(fake).send_welcome_msg(WELCOME_CODE, Message(text="hello"))
    for secret in (TOKEN, "token-number-2", SECRET, WELCOME_CODE):
        assert secret not in _everything_said(caught.value)


@pytest.mark.anyio
async def test_httpx_own_log_hides_the_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    fake = FakeWeCom().prepare("externalcontact/list", {})
    await client_on(fake).list_external_contacts("zhangsan")
    assert "/cgi-bin/externalcontact/list?" in caplog.text
    assert "userid=zhangsan" in caplog.text
    assert TOKEN not in caplog.text
    assert SECRET not in caplog.text


def _server_error(request: httpx.Request) -> httpx.Response:
    return httpx.Response(500)


@pytest.mark.anyio
@pytest.mark.parametrize("handler", [_raise(httpx.ReadError), _server_error])
async def test_a_phone_is_neither_logged_nor_in_an_exception(
    handler: Callable[[httpx.Request], httpx.Response], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    http = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    till = GenericPos(http=http, base_url="https://till", api_key="the-api-key", webhook_secret="hook")
    key = MemberKey(kind="phone", value="+8613800000001")
    with pytest.raises(PosError) as caught:
        await till.find_members(key)
    said = _everything_said(caught.value) + caplog.text + repr(key)
    assert "13800000001" not in said
    assert "the-api-key" not in said


def test_reprs_hide_tokens_and_welcome_codes() -> None:
    token = Token(value=SecretStr("abc-token"), expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    event = parse_event(
        b"<xml><Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType>"
        b"<CreateTime>1403610513</CreateTime><UserID>a</UserID><ExternalUserID>wm1</ExternalUserID>"
        b"<WelcomeCode>abc-code</WelcomeCode></xml>"
    )
    assert isinstance(event, ContactEvent)
    assert event.welcome_code == "abc-code"
    assert "abc" not in repr(token) + str(token) + repr(event) + str(event)
