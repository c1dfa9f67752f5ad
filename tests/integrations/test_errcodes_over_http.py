"""Every errcode of contract §1.2 as an answer over HTTP: which error, which action, what the client did."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from integrations.wecom import (
    ERRCODES,
    BusinessState,
    Misconfigured,
    QuotaExceeded,
    Refused,
    TokenRejected,
    TooConcurrent,
    Transient,
    WeComError,
)
from tests.integrations.corp import Corp, running_corp
from tests.integrations.errcode_table import ROWS, Row

pytestmark = pytest.mark.anyio

API = "externalcontact/get_corp_tag_list"
CLASSES: dict[str, type[WeComError]] = {
    "RETRY": Transient,
    "TOKEN": TokenRejected,
    "QUOTA": QuotaExceeded,
    "CONC": TooConcurrent,
    "CONFIG": Misconfigured,
    "PERM": Refused,
    "STATE": BusinessState,
}


@pytest.fixture(scope="module")
async def standing() -> AsyncIterator[Corp]:
    """One corp for all errcodes: none of them leaves anything behind."""
    async with running_corp() as corp:
        await corp.wecom.get_corp_tags()
        yield corp


async def refuse(corp: Corp, errcode: int, *, api: str = API, times: int = 1) -> WeComError:
    await corp.control("faults", api=api, kind="errcode", errcode=errcode, times=times)
    with pytest.raises(WeComError) as caught:
        await corp.wecom.get_corp_tags()
    return caught.value


def calls(corp: Corp) -> tuple[int, int]:
    """Of gettoken and of the API, since the last look."""
    counts = corp.world.traffic.counts
    return counts.pop("gettoken", 0), counts.pop(API, 0)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.errcode}-{row.kind}")
async def test_the_errcode_decides(standing: Corp, row: Row) -> None:
    calls(standing)
    error = await refuse(standing, row.errcode, times=2 if row.kind == "TOKEN" else 1)
    assert type(error) is CLASSES[row.kind]
    assert (error.api, error.errcode) == (API, row.errcode)
    assert row.action in error.action
    assert error.action in str(error)
    assert error.alarm == (row.kind == "CONFIG")
    if row.seconds is None:
        assert error.retry_after is None
    else:
        assert error.retry_after is not None
        assert row.seconds[0] <= error.retry_after <= row.seconds[1]
    assert len(error.hint or "") == 25
    # One refresh and one replay for a token; nothing else is repeated by the client.
    assert calls(standing) == ((1, 2) if row.kind == "TOKEN" else (0, 1))
    assert await standing.wecom.get_corp_tags() == []
    assert calls(standing)[1] == 1


@pytest.mark.parametrize("errcode", [row.errcode for row in ROWS if row.kind == "TOKEN"])
async def test_a_stale_token_is_replaced_unnoticed(standing: Corp, errcode: int) -> None:
    calls(standing)
    await standing.control("faults", api=API, kind="errcode", errcode=errcode)
    assert await standing.wecom.get_corp_tags() == []
    assert calls(standing) == (1, 2)


async def test_40001_of_gettoken_is_a_wrong_secret_and_not_asked_again(corp: Corp) -> None:
    error = await refuse(corp, 40001, api="gettoken")
    assert isinstance(error, Misconfigured)
    assert "secret" in error.action
    assert error.alarm
    with pytest.raises(Misconfigured):  # although the next gettoken would succeed
        await corp.wecom.get_corp_tags()
    assert calls(corp) == (1, 0)


async def test_an_unknown_errcode_is_final_and_an_alarm(corp: Corp) -> None:
    error = await refuse(corp, 999_999)
    assert isinstance(error, Refused)
    assert error.alarm
    assert "never loop" in error.action
    assert calls(corp) == (1, 1)


def test_the_client_knows_the_table_and_nothing_else() -> None:
    assert sorted(ERRCODES) == sorted(row.errcode for row in ROWS)
