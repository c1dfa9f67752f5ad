"""`journeys campaign …` as a process, against a real database: from a file to what became of each person."""

import csv
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.campaign import CampaignStatus
from domain.playbook import Condition
from playbooks.campaign_files import load_campaign
from settings import utc_now
from storage import campaign_drafts as drafts
from storage import campaign_planning, campaigns
from storage.database import Database
from storage.tables import Customer, Group, GroupMember, PlaybookPicture
from tests.starter.files import PNG
from tests.starter.shell import Done, Shell, open_shell
from tests.storage.chain import Chain

pytestmark = pytest.mark.anyio
POLICY = "default_playbook: xincha\ngroups:\n  welfare: {discount: true}\n"
WEEK = """
campaign: member-week
title: 会员周
segment: {reachable: [private, group]}
channel: [private, group]
group: welfare
content: discount
benefit: 全场八五折
words:
  private:
    text: "{{ employee.name }}提醒您：会员周{{ benefit }}，{{ store.name }}等您来。"
    attachments:
      - picture: {file: week.png}
  group: {text: "会员周{{ benefit }}，就在{{ store.name }}。"}
rollout:
  - {name: ours, customers: [wm1]}
  - {name: pilot, stores: S2, then_wait: 1d, confirm: true}
  - {name: all}
adapt: {words: true, skip: true}
backfill: {text: 会员周还有三天。, most: 3}
"""


@pytest.fixture
async def shell(database_url: str, tmp_path: Path, database: Database) -> AsyncIterator[Shell]:
    """Friends of three employees, a group with one stranger, and a corp's folder of playbooks."""
    chain = await Chain(database).open()
    for customer, userid in (("wm1", "chen"), ("wm2", "chen"), ("wm3", "li"), ("wm4", "wang")):
        await chain.befriend(customer, userid)
    await chain.befriend("wm5", "chen")
    await chain.part("wm5", "chen")
    async with database.transaction() as session:
        (await session.get_one(Customer, "wm4")).store_id = "S2"
    now = utc_now()
    group = Group(chat_id="g1", store_id="S1", kind="welfare", name="福利群", owner="chen", created_at=now)
    await _add(database, [group])
    since = now - timedelta(days=3)
    members = [GroupMember(chat_id="g1", member_id=who, joined_at=since) for who in ("wm5", "wo9", "chen")]
    await _add(database, members)
    folder = tmp_path / "playbooks"
    (folder / "campaigns").mkdir(parents=True)
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    (folder / "campaigns" / "week.png").write_bytes(PNG)
    (folder / "campaigns" / "week.yaml").write_text(WEEK, encoding="utf-8")
    async with open_shell(database_url, tmp_path) as opened:
        yield opened


async def _add(database: Database, rows: list[Any]) -> None:
    async with database.transaction() as session:
        session.add_all(rows)


FILE = "playbooks/campaigns/week.yaml"


async def run(shell: Shell, *arguments: str) -> Done:
    """At the address of Temporal nobody answers."""
    ours = {"PLAYBOOKS_DIR": str(shell.folder / "playbooks"), "TEMPORAL_ADDRESS": "127.0.0.1:9"}
    return await shell.run("campaign", *arguments, **ours)


async def data(shell: Shell, *arguments: str) -> Any:
    done = await run(shell, *arguments, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


async def test_m4_a_dry_run_says_whom_it_reaches_and_whom_not_and_writes_nothing(
    shell: Shell, database: Database
) -> None:
    found = await data(shell, "dry-run", FILE)
    assert (found["targeted"], found["reachable"], found["told"]) == (5, 5, 5)
    assert found["by"] == {"private": 4, "group": 1}
    assert found["waves"]["ours"] == {"targeted": 1, "reachable": 1, "told": 1}
    assert {name: wave["told"] for name, wave in found["waves"].items()} == {"ours": 1, "pilot": 1, "all": 3}
    assert found["samples"] == {"private": ["wm1", "wm4", "wm2", "wm3"], "group": ["wm5"]}
    assert (found["employees"], found["create_calls"], found["most_confirmations"]) == (3, 5, 3)
    assert (found["group_messages"], found["heard_beyond"]) == (1, 1)
    assert found["tag_calls"] == 8
    [private, group] = sorted((text for text in found["texts"]), key=lambda t: t["by"], reverse=True)
    assert private["text"] == "chen提醒您：会员周全场八五折，S1等您来。"
    assert (group["region"], group["text"]) == ("bj", "会员周全场八五折，就在S1。")
    printed = await run(shell, "dry-run", FILE)
    assert "3 employees confirm 5 tasks" in printed.out
    async with database.transaction() as session:
        assert await campaigns.find(session, "member-week") is None


async def test_m4_who_is_known_from_a_group_alone_is_refused_with_the_reason(shell: Shell) -> None:
    path = shell.folder / FILE
    text = WEEK.replace("channel: [private, group]\ngroup: welfare", "channel: private")
    path.write_text(text.replace("  group: {text", "  # group: {text"), "utf-8")
    found = await data(shell, "dry-run", FILE)
    assert (found["targeted"], found["reachable"]) == (5, 4)
    assert found["not_told"] == {"group_only": 1}


async def drafted(shell: Shell, database: Database) -> None:
    """As `create` does it, without a process."""
    folder = shell.folder / "playbooks"
    written = load_campaign(folder / "campaigns" / "week.yaml", folder)
    assert isinstance(written.model.segment, Condition)
    async with database.transaction() as session:
        await drafts.create(session, written.model, written.model.segment, by="li", now=utc_now())


async def test_one_writes_it_and_another_approves_it(shell: Shell, database: Database) -> None:
    made = await data(shell, "create", FILE, "--by", "li")
    assert (made["campaign"], made["status"]) == ("member-week", "draft")
    (shell.folder / FILE).write_text(WEEK.replace("title: 会员周", "title: 会员日"), "utf-8")
    revised = await data(shell, "revise", FILE, "--by", "wang")
    assert revised["version"] != made["version"]
    own = await run(shell, "approve", "member-week", "--by", "Wang")
    assert (own.code, "Wang wrote it" in own.err) == (1, True)
    stale = await run(shell, "approve", "member-week", "--by", "chen", "--version", made["version"])
    assert (stale.code, "it was changed meanwhile" in stale.err) == (1, True)
    done = await run(shell, "approve", "member-week", "--by", "chen", "--note", "agreed")
    assert done.code == 1  # no Temporal is up; what counts is on record
    assert "is approved and that is on record, but it has not begun" in done.err
    shown = await data(shell, "show", "member-week")
    assert (shown["status"], shown["approved_by"], shown["title"]) == ("approved", "chen", "会员日")
    assert [(o["what"], o["by"], o["reason"]) for o in shown["orders"]] == [
        ("created", "li", ""),
        ("revised", "wang", ""),
        ("approved", "chen", "agreed"),
    ]
    digest = shown["body"]["words"]["private"]["attachments"][0]["picture"]["digest"]
    async with database.transaction() as session:
        assert (await session.get_one(PlaybookPicture, digest)).content == PNG


async def test_m53_a_region_says_it_in_its_own_words(shell: Shell, database: Database) -> None:
    await drafted(shell, database)
    words = shell.folder / "words.yaml"
    words.write_text('words: {private: {text: "京城会员周，{{ benefit }}。"}}', "utf-8")
    done = await run(shell, "adapt", "member-week", "--region", "bj", "--file", "words.yaml", "--by", "sun")
    assert done.code == 0, done.err
    found = await data(shell, "dry-run", "member-week")
    assert "京城会员周，全场八五折。" in [page["text"] for page in found["texts"]]
    late = await run(shell, "adapt", "member-week", "--region", "bj", "--shift", "2h", "--by", "sun")
    assert (late.code, "by at most 0s" in late.err) == (1, True)
    await run(shell, "adapt", "member-week", "--region", "bj", "--skip", "--by", "sun")
    assert (await data(shell, "dry-run", "member-week"))["not_told"] == {"skipped": 5}


async def test_a_draft_is_discarded(shell: Shell, database: Database) -> None:
    await drafted(shell, database)
    done = await run(shell, "cancel", "member-week", "--by", "li", "--reason", "no stock")
    assert "the draft is discarded" in done.out
    [listed] = await data(shell, "list")
    assert (listed["status"], listed["reason"]) == ("cancelled", "no stock")


WRONG = {
    "an unknown campaign": (
        ("pause", "spring", "--by", "li", "--reason", "x"),
        "there is no campaign 'spring'",
    ),
    "a file that is not there": (("create", "gone.yaml", "--by", "li"), "gone.yaml"),
    "nobody": (("create", FILE, "--by", " "), "--by must be a name"),
}


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=list(WRONG))
async def test_what_cannot_be_done_is_said(shell: Shell, arguments: tuple[str, ...], said: str) -> None:
    done = await run(shell, *arguments)
    assert done.code == 1
    assert said in " ".join(done.err.split())


async def test_what_became_of_each_person_is_told_one_by_one(shell: Shell, database: Database) -> None:
    await drafted(shell, database)
    async with database.transaction() as session:
        row = await campaigns.find(session, "member-week", lock=True)
        assert row is not None
        row.status, row.began_at = CampaignStatus.RUNNING, utc_now()
        session.add(row)
    for number in range(3):
        async with database.transaction() as session:
            await campaign_planning.plan_page(session, "member-week", number, {}, utc_now())
    rows = await data(shell, "people", "member-week")
    assert [(row["customer"], row["wave"], row["by"], row["status"]) for row in rows] == [
        ("wm1", "ours", "private", "planned"),
        ("wm2", "all", "private", "planned"),
        ("wm3", "all", "private", "planned"),
        ("wm4", "pilot", "private", "planned"),
        ("wm5", "all", "group", "planned"),
    ]
    assert rows[-1]["passed_over"].startswith("not private:")
    table = await run(shell, "people", "member-week", "--status", "planned", "--limit", "2")
    assert ("wm2" in table.out, "wm3" in table.out) == (True, False)
    done = await run(shell, "people", "member-week", "--csv", "people.csv")
    assert "5 rows written to people.csv" in done.out
    written = list(csv.DictReader((shell.folder / "people.csv").open(encoding="utf-8-sig")))
    assert [row["employee"] for row in written] == ["chen", "chen", "li", "wang", "chen"]
    shown = await data(shell, "show", "member-week")
    assert [(wave["name"], wave["planned"]) for wave in shown["waves"]] == [
        ("ours", 1),
        ("pilot", 1),
        ("all", 3),
    ]
