"""Payloads outside the embedded stack: nothing readable, and everything of before still read."""

import pytest
from temporalio.api.common.v1 import Payload

from activities.codec import EncryptingCodec, WrongKey

pytestmark = pytest.mark.anyio

KEY = "00" * 31 + "01"
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'{"external_userid": "wm-secret"}')


async def test_a_payload_comes_back_and_shows_nothing_on_the_way() -> None:
    codec = EncryptingCodec(KEY)
    [sealed] = await codec.encode([PLAIN])
    assert b"wm-secret" not in sealed.SerializeToString()
    assert await codec.decode([sealed]) == [PLAIN]


async def test_the_same_payload_is_sealed_differently_each_time() -> None:
    codec = EncryptingCodec(KEY)
    assert await codec.encode([PLAIN]) != await codec.encode([PLAIN])


async def test_what_was_written_before_the_key_was_set_is_still_read() -> None:
    assert await EncryptingCodec(KEY).decode([PLAIN]) == [PLAIN]


async def test_another_key_is_named_as_the_cause() -> None:
    sealed = await EncryptingCodec(KEY).encode([PLAIN])
    with pytest.raises(WrongKey, match="PAYLOAD_KEY"):
        await EncryptingCodec("11" * 32).decode(sealed)


def test_a_key_of_the_wrong_length_says_how_to_make_one() -> None:
    with pytest.raises(ValueError, match="openssl rand -hex 32"):
        EncryptingCodec("abcd")
