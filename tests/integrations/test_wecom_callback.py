"""Envelopes: both forms, and every kind of bad input a stranger can post."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.wecom import (
    MAX_BODY_BYTES,
    BadPayload,
    BadSignature,
    CallbackCrypto,
    CallbackRejected,
    StaleTimestamp,
    WrongReceiver,
    open_callback,
)
from tests.integrations.test_wecom_crypto import (
    AES_KEY,
    CORP,
    CRYPTO,
    POST_ENCRYPT,
    POST_PLAIN,
    POST_QUERY,
    TOKEN,
)

NOW = datetime.fromtimestamp(1409659813, UTC)
XML = f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><Encrypt><![CDATA[{POST_ENCRYPT}]]></Encrypt></xml>"

ENVELOPES = {
    "one line": XML,
    "other order": f"<xml><Encrypt>{POST_ENCRYPT}</Encrypt><AgentID></AgentID></xml>",
    "indented": f"<xml>\n  <Encrypt>\n<![CDATA[{POST_ENCRYPT}]]>\n</Encrypt>\n</xml>",
    "blanks around": f" \n{XML} \n",
    "blank in the end tag": XML.replace("</xml>", "</xml >"),
    "json": json.dumps({"tousername": CORP, "encrypt": POST_ENCRYPT, "agentid": "218"}),
    "json with blanks": "\n " + json.dumps({"encrypt": POST_ENCRYPT}),
}


@pytest.mark.parametrize("name", ENVELOPES)
def test_every_form_of_the_envelope_is_opened(name: str) -> None:
    assert open_callback(CRYPTO, ENVELOPES[name].encode(), POST_QUERY, NOW) == POST_PLAIN


ENTITY_BOMB = (
    '<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><xml><Encrypt>&c;</Encrypt></xml>'
)
OUTSIDE_FILE = '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Encrypt>&a;</Encrypt></xml>'

BAD_PAYLOADS = {
    "empty": b"",
    "text": b"hello",
    "truncated": XML[:-20].encode(),
    "entity bomb": ENTITY_BOMB.encode(),
    "outside file": OUTSIDE_FILE.encode(),
    "empty dtd": b"<!DOCTYPE xml><xml><Encrypt>a</Encrypt></xml>",
    "two roots": b"<xml/><xml/>",
    "unknown encoding": b'<?xml version="1.0" encoding="no-such"?><xml/>',
    "wide encoding": b'<?xml version="1.0" encoding="utf-32"?><xml/>',
    "not utf-8": b"<xml><Encrypt>\xff\xfe</Encrypt></xml>",
    "broken json": b'{"encrypt": ',
    "deep json": b'{"encrypt": ' + b"[" * 100_000,
    "too large": XML.encode() + b" " * MAX_BODY_BYTES,  # and good but for its size
}


@pytest.mark.parametrize("name", BAD_PAYLOADS)
def test_a_bad_body_is_a_bad_payload(name: str) -> None:
    with pytest.raises(BadPayload):
        open_callback(CRYPTO, BAD_PAYLOADS[name], POST_QUERY, NOW)


@pytest.mark.parametrize("body", [b"<xml/>", b"<xml><Encrypt/></xml>", b"{}", b'{"encrypt": "\\ud800"}'])
def test_nothing_encrypted_cannot_be_signed(body: bytes) -> None:
    with pytest.raises(BadSignature):
        open_callback(CRYPTO, body, POST_QUERY, NOW)


def test_a_million_nested_elements_do_no_harm() -> None:
    deep = b"<a>" * 200_000 + b"</a>" * 100_000
    with pytest.raises(CallbackRejected):
        open_callback(CRYPTO, deep[:MAX_BODY_BYTES], POST_QUERY, NOW)


@settings(deadline=None)  # a busy machine is no failure
@given(st.binary(max_size=200), st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_whatever_a_stranger_posts_is_rejected(body: bytes, query: dict[str, str]) -> None:
    with pytest.raises(CallbackRejected):
        open_callback(CRYPTO, body, query, NOW)


def test_another_token_is_a_bad_signature() -> None:
    with pytest.raises(BadSignature):
        open_callback(CallbackCrypto("other", AES_KEY, CORP), XML.encode(), POST_QUERY, NOW)


def test_the_wrong_corp_is_rejected() -> None:
    with pytest.raises(WrongReceiver):
        open_callback(CallbackCrypto(TOKEN, AES_KEY, "ww0000000000000000"), XML.encode(), POST_QUERY, NOW)


@pytest.mark.parametrize(("seconds", "fresh"), [(600, True), (601, False), (-600, True), (-601, False)])
def test_an_old_or_future_callback_is_stale(seconds: int, fresh: bool) -> None:
    now = NOW + timedelta(seconds=seconds)
    if fresh:
        assert open_callback(CRYPTO, XML.encode(), POST_QUERY, now) == POST_PLAIN
    else:
        with pytest.raises(StaleTimestamp):
            open_callback(CRYPTO, XML.encode(), POST_QUERY, now)


def test_any_age_is_accepted_on_request() -> None:
    later = NOW + timedelta(days=4000)
    assert open_callback(CRYPTO, XML.encode(), POST_QUERY, later, max_age_seconds=None) == POST_PLAIN


@pytest.mark.parametrize("timestamp", ["", "soon", "9" * 30])
def test_a_signed_timestamp_that_is_no_time_is_a_bad_payload(timestamp: str) -> None:
    query = {**POST_QUERY, "timestamp": timestamp}
    query["msg_signature"] = CRYPTO.sign(timestamp, query["nonce"], POST_ENCRYPT)
    with pytest.raises(BadPayload):
        open_callback(CRYPTO, XML.encode(), query, NOW)
