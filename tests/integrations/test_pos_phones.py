"""Phones of members: one form for all tills, and nothing for what is no number."""

import pytest

from integrations.pos.phones import e164


@pytest.mark.parametrize(
    "written",
    [
        "13800138000",
        "138 0013 8000",
        "+86-138-0013-8000",
        "8613800138000",
        "0086 13800138000",
        "１３８００１３８０００",
    ],
)
def test_one_phone_has_one_form(written: str) -> None:
    assert e164(written) == "+8613800138000"


def test_a_number_without_plus_is_of_the_region() -> None:
    assert e164("(650) 555-0100", "US") == "+16505550100"
    assert e164("+16505550100") == "+16505550100"


@pytest.mark.parametrize(
    "written",
    [
        *(None, "", "  ", "没有", "110", "12345", "1380013800", "138001380001"),
        *("138****8000", "$W8Gd#13800138000$1$", "MTM4MDAxMzgwMDA=", "13800138000 ext. 5"),
        *("010-12345678", "400-820-8820", "2026112212345678901"),
    ],
)
def test_what_is_hidden_encrypted_short_or_of_no_person_is_none(written: str | None) -> None:
    assert e164(written) is None
