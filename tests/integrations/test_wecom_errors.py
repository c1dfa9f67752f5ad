"""What an error keeps of WeCom's text. Its class and action are in test_errcodes_over_http.py."""

from __future__ import annotations

import pytest

from integrations.wecom import Misconfigured, TokenRejected, error_for


def test_40001_of_gettoken_is_a_wrong_secret_and_elsewhere_a_stale_token() -> None:
    assert isinstance(error_for(40001, "", "gettoken"), Misconfigured)
    assert isinstance(error_for(40001, "", "externalcontact/get"), TokenRejected)


@pytest.mark.parametrize(
    "hint", ["1646594702057801817545474", "1524721482_12_cc7b43a9cd9c5d2f0a47c1e3bb0d2a11"]
)
def test_the_hint_for_wecoms_support_is_kept_in_both_forms(hint: str) -> None:
    error = error_for(
        84061, f"not external contact, hint: [{hint}], from ip: 203.0.113.7", "externalcontact/get"
    )
    assert error.hint == hint
    assert error.from_ip == "203.0.113.7"
    assert error.errmsg == "not external contact"
    assert hint in str(error)
    assert "externalcontact/get: 84061" in str(error)


def test_a_long_errmsg_is_cut() -> None:
    assert len(error_for(40058, "x" * 5000, "externalcontact/get").errmsg) == 200
