"""The official sample, byte for byte (contract §3.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.callback_crypto import CallbackCrypto

CRYPTO = CallbackCrypto("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")

ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
MESSAGE = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W"
    "/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+H"
    "MZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB"
    "3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVK"
    "n28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
)
PLAIN = (
    "<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>\n"
    "<FromUserName><![CDATA[mycreate]]></FromUserName>\n"
    "<CreateTime>1409659813</CreateTime>\n"
    "<MsgType><![CDATA[text]]></MsgType>\n"
    "<Content><![CDATA[hello]]></Content>\n"
    "<MsgId>4561255354251345929</MsgId>\n"
    "<AgentID>218</AgentID>\n"
    "</xml>"
)


def test_the_official_signatures() -> None:
    echo = CRYPTO.signature("1409659589", "263014780", ECHO)
    message = CRYPTO.signature("1409659813", "1372623149", MESSAGE)
    assert echo == "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    assert message == "477715d11cdb4164915debcba66cb864d751f3e6"


@pytest.mark.parametrize(
    ("encrypted", "plain", "random16"),
    [(ECHO, "1616140317555161061", b"c41b64491c2468d0"), (MESSAGE, PLAIN, b"0960688932c47ef1")],
    ids=["pad of 7", "pad of 30: beyond AES's own block"],
)
def test_the_official_ciphertexts(encrypted: str, plain: str, random16: bytes) -> None:
    assert CRYPTO.decrypt(encrypted) == plain
    assert CRYPTO.encrypt(plain, random16) == encrypted


@given(st.text())
def test_whatever_is_encrypted_comes_back(message: str) -> None:
    assert CRYPTO.decrypt(CRYPTO.encrypt(message)) == message


def test_another_corps_message_is_refused() -> None:
    other = CallbackCrypto(CRYPTO.token, CRYPTO.aes_key, "ww0000000000000000")
    with pytest.raises(ValueError, match="another corp"):
        CRYPTO.decrypt(other.encrypt("hello"))
