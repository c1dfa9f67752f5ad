"""Signed links: only ours are read, and only while they are good."""

import base64
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import FormName
from domain.links import (
    LINK_LIFE,
    LONGEST_TOKEN,
    FormLink,
    FormLinks,
    read,
    sign,
)
from domain.sealing import BadLink, ExpiredLink
from tests.domain.moments import START

KEY = b"any 32 characters that nobody knows"
LATER = START + timedelta(days=1)
WHO = "wmXj5wBgAAaTKSQ6WbNsmHPZYbq9xkdw"  # 32 characters, as WeCom's are
LINK = FormLink(WHO, FormName.BIRTHDAY, LATER)
USERIDS = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=64)


@given(USERIDS, st.sampled_from(FormName), st.integers(1, 10**8))
def test_what_is_signed_is_read(userid: str, form: FormName, seconds: int) -> None:
    link = FormLink(userid, form, START + timedelta(seconds=seconds))
    token = sign(link, KEY)
    assert read(token, KEY, START) == link
    assert len(token) <= LONGEST_TOKEN


@given(st.integers(0, 10_000), st.sampled_from("ABCxyz019-_"))
def test_a_changed_character_is_noticed(at: int, character: str) -> None:
    token = sign(LINK, KEY)
    at %= len(token)
    changed = token[:at] + character + token[at + 1 :]
    if changed != token:
        with pytest.raises(BadLink):
            read(changed, KEY, START)


@given(st.text(max_size=200))
def test_whatever_somebody_types_is_no_link(text: str) -> None:
    with pytest.raises(BadLink):
        read(text, KEY, START)


@pytest.mark.parametrize("cut", [1, 4, 20])
def test_a_link_that_was_not_copied_whole_is_no_link(cut: int) -> None:
    with pytest.raises(BadLink):
        read(sign(LINK, KEY)[:-cut], KEY, START)


def test_another_corps_link_is_no_link() -> None:
    with pytest.raises(BadLink):
        read(sign(LINK, b"another key of another deployment!"), KEY, START)


def test_a_link_expires() -> None:
    token = sign(LINK, KEY)
    assert read(token, KEY, LATER - timedelta(seconds=1)) == LINK
    with pytest.raises(ExpiredLink):
        read(token, KEY, LATER)


def test_who_changes_an_expired_link_is_not_told_that_it_was_ours() -> None:
    token = sign(LINK, KEY)
    with pytest.raises(BadLink) as caught:
        read(token[:-2] + "xx", KEY, LATER)
    assert not isinstance(caught.value, ExpiredLink)


def test_a_link_of_a_newer_version_is_refused() -> None:
    import hashlib
    import hmac

    body = b"\x02\x01\xff\xff\xff\xff" + WHO.encode()
    mac = hmac.new(KEY, b"wecom-journeys form link\0" + body, hashlib.sha256).digest()[:16]
    with pytest.raises(BadLink, match="newer"):
        read(base64.urlsafe_b64encode(body + mac).rstrip(b"=").decode(), KEY, START)


def test_tokens_stay_readable_for_ever() -> None:
    """They live in customers' chats: a change of the format needs a new version number."""
    token = "AQFpplzAd21YajV3QmdBQWFUS1NRNldiTnNtSFBaWWJxOXhrZHcotBfkUG39f3wZzVcAFhiR"
    assert read(token, KEY, START) == LINK


def test_a_greeting_gets_a_link_for_every_form() -> None:
    links = FormLinks(KEY, "https://j.example.com").all_for(WHO, START)
    assert set(links) == {"birthday", "due_date", "child_birthday", "feedback"}
    for name, address in links.items():
        assert address.startswith("https://j.example.com/f/")
        found = read(address.rsplit("/", 1)[1], KEY, START)
        assert found == FormLink(WHO, FormName(name), START + LINK_LIFE)
    assert len(links["birthday"]) < 110
