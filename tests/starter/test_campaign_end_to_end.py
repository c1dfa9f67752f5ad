"""A campaign by its commands alone: written, approved, paused, resumed, confirmed, watched to its end."""

import json
from pathlib import Path

import pytest

from settings import ROOT
from tests.corp import Corp
from tests.starter.shell import Done, Shell

pytestmark = pytest.mark.anyio
FILE = """
campaign: week
title: 会员周
segment: {reachable: private}
channel: private
words:
  private: {text: "会员周开始了，{{ store.name }}等您来。"}
rollout:
  - {name: ours, customers: [CONTACT], confirm: true}
  - {name: all}
"""


async def test_m66_from_a_file_to_every_person_s_outcome(corp: Corp, tmp_path: Path) -> None:
    ours, she = [await _friend(corp) for _ in range(2)]
    (tmp_path / "week.yaml").write_text(FILE.replace("CONTACT", ours), encoding="utf-8")
    shell = Shell(tmp_path, corp.world, corp.street, corp.settings)
    (tmp_path / ".env").write_text((ROOT / ".env.example").read_text(encoding="utf-8"), encoding="utf-8")

    async def run(*arguments: str) -> Done:
        address = corp.env.client.service_client.config.target_host
        return await shell.run(
            "campaign", *arguments, TEMPORAL_ADDRESS=address, PLAYBOOKS_DIR=str(ROOT / "playbooks")
        )

    await run("create", "week.yaml", "--by", "li")
    assert "week is approved" in (await run("approve", "week", "--by", "wang")).out
    assert "approved already, by wang" in (await run("approve", "week", "--by", "zhao")).out

    await corp.sleep(minutes=40)
    await corp.street.confirm_all_tasks()
    await corp.sleep(minutes=40)
    watched = await run("show", "week", "--watch")
    assert "wave 1 (ours): 1 of 1 settled, 1 sent" in watched.err
    assert "the next wave waits for `journeys campaign go week --by NAME`" in watched.out

    paused = await run("pause", "week", "--by", "sun", "--reason", "a typing mistake?")
    assert paused.code == 0, paused.err
    assert (await run("resume", "week", "--by", "sun")).code == 0
    await corp.sleep(minutes=40)  # it looks how its wave stands every few minutes
    gone = await run("go", "week", "--by", "sun")
    assert gone.code == 0, gone.err

    await corp.sleep(minutes=40)
    await corp.street.confirm_all_tasks()
    await corp.sleep(minutes=40)
    assert "finished, wave 2 (all)" in (await run("show", "week", "--watch")).err
    people = json.loads((await run("people", "week", "--json")).out)
    assert {row["customer"]: (row["wave"], row["status"]) for row in people} == {
        ours: ("ours", "sent"),
        she: ("all", "sent"),
    }
    shown = json.loads((await run("show", "week", "--json")).out)
    orders = [(order["what"], order["by"]) for order in shown["orders"]]
    assert orders == [
        ("created", "li"),
        ("approved", "wang"),
        ("paused", "sun"),
        ("resumed", "sun"),
        ("go", "sun"),
    ]
    over = await run("pause", "week", "--by", "sun", "--reason", "late")
    assert (over.code, "week is finished: there is nothing to pause" in over.err) == (1, True)


async def _friend(corp: Corp) -> str:
    she = await corp.newcomer()
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    return she
