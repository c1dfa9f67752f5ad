"""Message texts."""

from datetime import date
from typing import Any

import pytest

from domain.events import FormName
from domain.links import FormLinks
from domain.playbook import Playbook
from domain.todos import TITLE_CHARS
from playbooks.rules import texts
from playbooks.templates import (
    BATCH_SAMPLE,
    STAFF_SAMPLE,
    WELCOME_SAMPLE,
    TemplateError,
    check,
    local_date,
    names_coupon_store,
    render,
    with_coupon_store,
)
from tests.domain.moments import START


def test_variables_are_filled_in() -> None:
    assert render(
        "  {{ store.name }} · {{ benefit }}\n", {"store": {"name": "望京店"}, "benefit": "5 元"}
    ) == ("望京店 · 5 元")


@pytest.mark.parametrize(
    "text",
    ["{{ nobody }}", "{{ store.nothing }}", "{% if nobody %}x{% endif %}", "{{ nobody | default: 'x' }}"],
)
def test_an_unknown_variable_is_an_error_and_never_a_gap(text: str) -> None:
    with pytest.raises(TemplateError, match="undefined"):
        render(text, {"store": {"name": "x"}})


@pytest.mark.parametrize(
    "text", ["{% include 'secret' %}", "{% render 'secret' %}", "{{ store | nope }}", "{% if"]
)
def test_what_liquid_cannot_do_is_an_error(text: str) -> None:
    with pytest.raises(TemplateError):
        render(text, BATCH_SAMPLE)


def test_only_a_welcome_may_name_the_customer_and_her_group() -> None:
    for text in ("{{ customer.nickname }}", "{{ group.name }}", "{{ forms.birthday }}"):
        check(text, WELCOME_SAMPLE)
        with pytest.raises(TemplateError):
            check(text, BATCH_SAMPLE)


@pytest.mark.parametrize(
    "text",
    [
        "{% assign here = store.name %}{{ here }}",
        "{% for i in (1..2) %}{{ i }}{{ forloop.index }}{% endfor %}",
        "{{ store.name.size }}",
        "{% if employee.name == '导购' %}{{ date }}{% else %}{{ benefit }}{% endif %}",
        "{% if date %}{% assign x = 1 %}{% else %}long{% endif %}{% if date %}{{ x }}{% endif %}",
    ],
)
def test_the_rest_of_liquid_works(text: str) -> None:
    check(text, BATCH_SAMPLE)


def test_the_limit_is_counted_in_bytes() -> None:
    check("惠" * 1333, BATCH_SAMPLE)
    check("x" * 4000, BATCH_SAMPLE)
    with pytest.raises(TemplateError, match="may become 4001 bytes"):
        check("x" * 4001, BATCH_SAMPLE)


def test_the_limit_counts_the_longest_link_of_a_form() -> None:
    link = FormLinks(b"key", "https://" + "x" * 60).link("w" * 64, FormName.FEEDBACK, START)
    check("x" * (4000 - len(link)) + "{{ forms.feedback }}", WELCOME_SAMPLE)
    with pytest.raises(TemplateError, match="may become 4001 bytes"):
        check("x" * (4001 - len(link)) + "{{ forms.feedback }}", WELCOME_SAMPLE)


def test_a_date_is_written_as_customers_read_it() -> None:
    assert local_date(date(2026, 3, 2)) == "2026年3月2日"


def test_a_card_holds_her_name_and_is_short() -> None:
    check("{{ customer.nickname }} 生日快到了", STAFF_SAMPLE, characters=TITLE_CHARS)
    with pytest.raises(TemplateError, match="may become 27 characters, 26 fit"):
        check("{{ customer.nickname }}" + "长" * 15, STAFF_SAMPLE, characters=TITLE_CHARS)


@pytest.mark.parametrize(
    "text",
    [
        "{% if store.name == 'x' %}" + "x" * 4001 + "{% endif %}",
        "{% if store.name == 'x' %}a{% elsif date == 'y' %}" + "x" * 4001 + "{% else %}b{% endif %}",
        "{% unless store.name %}" + "x" * 4001 + "{% endunless %}",
        "{% case date %}{% when 'x' %}a{% when 'y' %}{% if benefit == 'z' %}"
        + "x" * 4001
        + "{% endif %}{% endcase %}",
    ],
)
def test_the_limit_counts_the_longest_way_through_a_text(text: str) -> None:
    with pytest.raises(TemplateError, match="may become 4001 bytes"):
        check(text, BATCH_SAMPLE)


def test_ways_of_which_only_one_is_taken_are_not_added_up() -> None:
    check("{% if date == 'x' %}" + "x" * 3000 + "{% else %}" + "y" * 3000 + "{% endif %}", BATCH_SAMPLE)


def test_m62_a_coupons_store_is_put_in_before_the_rest_is_known() -> None:
    text = with_coupon_store("到{{ coupon.store }}或{{coupon.store}}找{{ employee.name }}", "望京店")
    assert text == "到望京店或望京店找{{ employee.name }}"
    assert names_coupon_store("{{- coupon.store -}}")
    assert not names_coupon_store("{{ store.name }}")


@pytest.mark.parametrize(
    ("send", "credited", "fits"),
    [
        ({"channel": "private"}, True, True),
        ({"channel": ["private", "staff"]}, True, True),
        ({"channel": ["private", "group"]}, True, False),  # a whole group reads it
        ({"channel": "private"}, False, False),  # of which coupon?
    ],
)
def test_m62_only_a_message_to_her_alone_names_her_coupons_store(
    send: dict[str, Any], credited: bool, fits: bool
) -> None:
    coupon = [{"coupon": {"template": "T", "name": "券"}}] if credited else []
    steps = [*coupon, {"send": {"text": "到{{ coupon.store }}用", **send}}]
    book = Playbook.model_validate({"playbook": "book", "title": "书", "nurture": steps})
    assert [".".join(map(str, at)) for at, _ in texts.problems(book)] == (
        [] if fits else [f"nurture.{len(coupon)}.send.text"]
    )
