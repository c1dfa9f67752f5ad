"""The official vectors of contract §3.2, and what a callback can do wrong."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.wecom import BadPayload, BadSignature, CallbackCrypto, WrongReceiver, open_echo

TOKEN = "QDG6eK"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
CORP = "wx5823bf96d3bd56c7"

ECHO_QUERY = {
    "msg_signature": "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
    "timestamp": "1409659589",
    "nonce": "263014780",
    "echostr": "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
}
POST_QUERY = {
    "msg_signature": "477715d11cdb4164915debcba66cb864d751f3e6",
    "timestamp": "1409659813",
    "nonce": "1372623149",
}
POST_ENCRYPT = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/s"
    "YYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJ"
    "YuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGU"
    "callcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDY"
    "A5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
)
POST_PLAIN = (
    b"<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>\n"
    b"<FromUserName><![CDATA[mycreate]]></FromUserName>\n"
    b"<CreateTime>1409659813</CreateTime>\n"
    b"<MsgType><![CDATA[text]]></MsgType>\n"
    b"<Content><![CDATA[hello]]></Content>\n"
    b"<MsgId>4561255354251345929</MsgId>\n"
    b"<AgentID>218</AgentID>\n"
    b"</xml>"
)

CRYPTO = CallbackCrypto(TOKEN, AES_KEY, CORP)


def test_official_url_verification() -> None:
    now = datetime.fromtimestamp(1409659589, UTC)
    assert open_echo(CRYPTO, ECHO_QUERY, now) == b"1616140317555161061"


def test_official_message() -> None:
    CRYPTO.verify(POST_QUERY["msg_signature"], POST_QUERY["timestamp"], POST_QUERY["nonce"], POST_ENCRYPT)
    assert CRYPTO.decrypt(POST_ENCRYPT) == POST_PLAIN


@pytest.mark.parametrize(
    ("plain", "prefix", "sealed"),
    [
        (b"1616140317555161061", b"c41b64491c2468d0", ECHO_QUERY["echostr"]),  # pad 7
        (POST_PLAIN, b"0960688932c47ef1", POST_ENCRYPT),  # pad 30: more than an AES block
    ],
)
def test_encrypting_gives_the_official_bytes(plain: bytes, prefix: bytes, sealed: str) -> None:
    assert CRYPTO.encrypt(plain, prefix=prefix) == sealed


@settings(deadline=None)  # a busy machine is no failure
@given(st.binary(max_size=300), st.text(max_size=40))
def test_what_is_encrypted_is_read_again(message: bytes, receiver: str) -> None:
    crypto = CallbackCrypto(TOKEN, AES_KEY, receiver)
    assert crypto.decrypt(crypto.encrypt(message)) == message


@settings(deadline=None)  # a busy machine is no failure
@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_rejected_and_nothing_else_happens(sealed: bytes) -> None:
    with pytest.raises((BadPayload, WrongReceiver)):
        CRYPTO.decrypt(base64.b64encode(sealed).decode())


@pytest.mark.parametrize("field", ["msg_signature", "timestamp", "nonce", "echostr"])
@pytest.mark.parametrize("value", ["", "1", "签名", "\ud800"])
def test_one_changed_field_breaks_the_signature(field: str, value: str) -> None:
    with pytest.raises(BadSignature):
        open_echo(CRYPTO, {**ECHO_QUERY, field: value}, datetime.fromtimestamp(1409659589, UTC))


def test_a_missing_field_breaks_the_signature() -> None:
    with pytest.raises(BadSignature):
        open_echo(CRYPTO, {}, datetime.fromtimestamp(0, UTC) + timedelta(seconds=1))


def test_another_corps_message_is_rejected() -> None:
    other = CallbackCrypto(TOKEN, AES_KEY, "ww0000000000000000")
    with pytest.raises(WrongReceiver):
        CRYPTO.decrypt(other.encrypt(b"hello"))


@pytest.mark.parametrize("cut", [1, 2, 16, 40, len(POST_ENCRYPT)])
def test_a_truncated_message_is_rejected(cut: int) -> None:
    with pytest.raises(BadPayload):
        CRYPTO.decrypt(POST_ENCRYPT[:-cut])


@pytest.mark.parametrize("text", ["not base64!", "汉字", "AAAA", ""])
def test_what_is_no_ciphertext_is_rejected(text: str) -> None:
    with pytest.raises(BadPayload):
        CRYPTO.decrypt(text)


@pytest.mark.parametrize("tail", [b"\x00" * 32, b"\x21" * 33, b"\x05" * 4 + b"\x06"])
def test_wrong_padding_is_rejected(tail: bytes) -> None:
    plain = b"p" * (-len(tail) % 32) + tail
    with pytest.raises(BadPayload, match="padding"):
        CRYPTO.decrypt(_seal(plain))


def test_a_length_beyond_the_end_is_rejected() -> None:
    plain = b"p" * 16 + (1000).to_bytes(4, "big") + b"x" * 11
    with pytest.raises(BadPayload, match="length"):
        CRYPTO.decrypt(_seal(plain + b"\x01"))


@pytest.mark.parametrize("last", "ABCD")
def test_the_unused_bits_of_the_keys_last_character_do_not_matter(last: str) -> None:
    assert CallbackCrypto(TOKEN, AES_KEY[:-1] + last, CORP).decrypt(POST_ENCRYPT) == POST_PLAIN


def test_keys_with_plus_and_slash_are_keys() -> None:
    CallbackCrypto(TOKEN, "+/" * 21 + "A", CORP)


@pytest.mark.parametrize("key", ["", "short", AES_KEY + "=", AES_KEY[:-1] + "!", "钥" * 43])
def test_a_broken_key_is_refused_at_start(key: str) -> None:
    with pytest.raises(ValueError, match="43 characters"):
        CallbackCrypto(TOKEN, key, CORP)


def _seal(plain: bytes) -> str:
    key = base64.b64decode(AES_KEY + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()
