"""What a file asks of the till that the configured one cannot do."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from domain.events import EventKind
from domain.playbook import Condition, Playbook
from integrations import pos
from integrations.pos import generic
from starter.__main__ import app
from starter.till_needs import Till, of_condition, of_playbook
from tests.playbooks.files import GOOD, LINES, write

COUPON = {"template": "T", "name": "券"}
ASKS: dict[str, Any] = {
    "playbook": "asks",
    "title": "什么都要",
    "welcome": {"text": "您好", "coupon": COUPON, "variants": [{"when": {"member": True}, "coupon": COUPON}]},
    "groups": [{"of": "nearest_store"}],
    "goals": [{"name": "bought", "event": "order_paid", "when": {"prefers": ["拿铁"]}}],
    "exits": [{"reason": "used", "event": "coupon_redeemed"}, {"reason": "over", "event": "coupon_expired"}],
    "nurture": [
        {"coupon": COUPON},
        {"send": {"text": "券到了", "coupon": COUPON}},
        {"wait_for": {"event": "order_paid", "timeout": "3d", "then": [{"coupon": COUPON}]}},
        {"branch": [{"when": {"none": [{"bought": {"category": "西瓜"}}]}, "steps": [{"exit": "x"}]}]},
    ],
}


def asked(*, stores_placed: bool = True, **lacks: Any) -> set[str]:
    till = Till("small", generic.CAPABILITIES.model_copy(update=lacks))
    found = of_playbook(Playbook.model_validate(ASKS), till, stores_placed=stores_placed)
    return {".".join(map(str, at)) for at, _ in found}


def test_a_till_that_can_do_all_refuses_nothing() -> None:
    assert asked(stores_placed=False) == set()


def test_coupons_need_a_till_that_issues_them() -> None:
    assert asked(issue_coupon=False) == {
        "welcome.coupon",
        "welcome.variants.0.coupon",
        "nurture.0.coupon",
        "nurture.1.send.coupon",
        "nurture.2.wait_for.then.0.coupon",
        "exits.1.event",
    }


def test_an_event_needs_a_till_that_tells_of_it() -> None:
    deaf = {"goals.0.event", "exits.0.event", "nurture.2.wait_for.event"}
    assert asked(events=frozenset()) == deaf
    assert asked(events=frozenset({pos.EventKind.ORDER_CHANGED}), redemptions=True) == set()
    assert asked(events=frozenset({pos.EventKind.COUPON_CHANGED})) == deaf - {"exits.0.event"}


def test_a_category_needs_a_till_that_has_them() -> None:
    assert asked(line_category="none") == {
        "goals.0.when.prefers",
        "nurture.3.branch.0.when.none.0.bought.category",
    }
    assert asked(line_category="catalogue_join") == set()
    till = Till("small", generic.CAPABILITIES.model_copy(update={"line_category": "none"}))
    assert [at for at, _ in of_condition(("who",), Condition(prefers=["拿铁"]), till)] == [("who", "prefers")]


def test_the_nearest_store_needs_places_from_somewhere() -> None:
    assert asked(store_geo=False, stores_placed=True) == set()
    assert asked(store_geo=False, stores_placed=False) == {"groups.0.of"}


def test_check_names_file_line_and_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lacks = {"issue_coupon": False, "events": frozenset()}
    monkeypatch.setattr(generic, "CAPABILITIES", generic.CAPABILITIES.model_copy(update=lacks))
    text = "nurture:\n  - coupon: {template: T, name: 券}\n  - wait_for: {event: order_paid, timeout: 3d}\n"
    path = write(tmp_path, GOOD + text)
    done = CliRunner().invoke(app, ["playbook", "check", str(path)])
    assert done.exit_code == 1
    assert done.output.splitlines()[:2] == [
        f"{path}:{LINES + 2}: error: nurture.0.coupon: the till (generic) issues no coupons: take it out, or "
        "connect a till that does (POS_PROVIDER)",
        f"{path}:{LINES + 3}: error: nurture.1.wait_for.event: the till (generic) does not tell of "
        f"{EventKind.ORDER_PAID}: take it out, or connect a till that does (POS_PROVIDER)",
    ]
