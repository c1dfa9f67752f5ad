"""Every errcode of contract §1.2, typed here a second time, by its class."""

from __future__ import annotations

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
    error_for,
)

CONTRACT: dict[type[WeComError], str] = {
    Transient: "-1 6000 41063 41078 41079 41096",
    TokenRejected: "40001 40014 42001",
    QuotaExceeded: "40126 41045 41055 41094 41095 45009",
    TooConcurrent: "45033 45035",
    Misconfigured: """
        40013 40056 40098 40205 41054 41057 45024 48001 48002 48004 48006 50001 50002 50003 60011
        60020 60021 60030 84074 84083 90200 90206 90207 92000 301002 610017 701008""",
    BusinessState: """
        40071 40099 40100 40128 40129 40143 41048 41050 41051 41053 41062 41093 49008 60136 84061
        84084 90502 90503 90504 90507 90508 95001 95002""",
    Refused: """
        40003 40007 40008 40009 40011 40031 40035 40050 40058 40063 40066 40068 40093 40096 40097 40123
        40130 40131 40201 40204 40206 41001 41002 41004 41009 41011 41035 41037 41038 41039 41040 41041 41042
        41043 41044 41046 41047 41049 41056 41058 41059 41060 41061 41064 41065 41067 41068 41069 41070 41071
        41072 41076 41077 41080 41081 41082 41083 41084 41088 41089 41090 41091 43004 44001 44004 45001 45002
        45029 46004 48005 50100 60111 81013 81017 82001 82002 82003 82004 85002 86008 86214 86215 86216 86217
        86220 90500 90501 90509 90510 90511 93000 610004 610014 830001 830002 830003""",
}
CASES = [(int(code), kind) for kind, codes in CONTRACT.items() for code in codes.split()]


@pytest.mark.parametrize(("errcode", "kind"), CASES)
def test_the_class_follows_the_errcode(errcode: int, kind: type[WeComError]) -> None:
    error = error_for(errcode, "whatever the text says", "externalcontact/get")
    assert type(error) is kind
    assert error.errcode == errcode
    assert error.action


def test_the_table_holds_the_contract_and_nothing_else() -> None:
    assert sorted(ERRCODES) == sorted(code for code, _ in CASES)


@pytest.mark.parametrize("errcode", [code for code, kind in CASES if kind in (Transient, TooConcurrent)])
def test_what_may_be_repeated_says_when(errcode: int) -> None:
    assert error_for(errcode, "", "mark_tag").retry_after


@pytest.mark.parametrize(("errcode", "seconds"), [(45009, 60), (41094, 86_400), (41045, None), (40126, None)])
def test_a_quota_names_its_window_and_a_hard_limit_has_none(errcode: int, seconds: float | None) -> None:
    assert error_for(errcode, "", "mark_tag").retry_after == seconds


def test_an_unknown_errcode_is_permanent_and_an_alarm() -> None:
    error = error_for(999_999, "new", "externalcontact/get")
    assert isinstance(error, Refused)
    assert error.alarm


def test_40001_of_gettoken_is_a_wrong_secret_and_elsewhere_a_stale_token() -> None:
    assert isinstance(error_for(40001, "", "gettoken"), Misconfigured)
    assert isinstance(error_for(40001, "", "externalcontact/get"), TokenRejected)


@pytest.mark.parametrize(("errcode", "alarm"), [(48002, True), (41051, False), (-1, False), (40068, False)])
def test_only_what_a_person_must_fix_is_an_alarm(errcode: int, alarm: bool) -> None:
    assert error_for(errcode, "", "externalcontact/get").alarm is alarm


@pytest.mark.parametrize(
    "hint", ["1646594702057801817545474", "1524721482_12_cc7b43a9cd9c5d2f0a47c1e3bb0d2a11"]
)
def test_the_hint_for_wecoms_support_is_kept_in_both_forms(hint: str) -> None:
    error = error_for(
        84061, f"not external contact, hint: [{hint}], from ip: 203.0.113.7", "externalcontact/get"
    )
    assert error.hint == hint
    assert error.errmsg == "not external contact"
    assert hint in str(error)
    assert "externalcontact/get: 84061" in str(error)
