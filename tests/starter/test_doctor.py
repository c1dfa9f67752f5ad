"""`journeys doctor` over the real simulators, PostgreSQL and Temporal: what is broken is found and explained.

One healthy corp serves all tests of this file; every set-up breaks one thing of it and mends it again.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

from settings import ROOT, Settings, environment
from starter.doctor.examination import Check
from starter.doctor.findings import Finding, Status, ok
from starter.doctor.setup import UNREMEMBERED_PAUSE_SECONDS, Setup
from tests import engines
from tests.starter.breaking import Changes
from tests.starter.broken_set_ups import REAL, SET_UPS, Broken
from tests.starter.clinic import OUTSIDE, Clinic, Report, opened

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]
CLOCKS = ("WeCom", "the gateway", "PostgreSQL")
NO_DATABASE = "postgresql://u:p@127.0.0.1:1/x"


@pytest.fixture(scope="module")
async def clinic(postgres: str) -> AsyncIterator[Clinic]:
    with engines.fresh_database(postgres) as url:
        async with engines.real_server() as env, opened(env, url) as clinic:
            yield clinic


async def test_a_healthy_set_up_is_all_well(clinic: Clinic) -> None:
    report = await clinic.examine()
    assert [f for f in report if f.status in (Status.WARN, Status.FAIL)] == []
    assert {f.name for f in report if f.status is Status.SKIPPED} == {
        *("placeholders", "addresses", "payload encryption"),  # these are of the real WeCom
        "stock of the till",  # the shipped overstock rule is not active
        "coupon templates",  # this till does not list them
        "keys of stores",  # this till has one for all
    }
    assert "agent id" in {f.name for f in report if f.status is Status.OK}


@pytest.mark.parametrize("broken", SET_UPS, ids=lambda broken: str(broken.id))
async def test_what_is_broken_is_found_and_its_fix_named(clinic: Clinic, broken: Broken) -> None:
    async with broken.breaking(clinic) as changes:
        report = await clinic.examine(ahead=broken.ahead, **changes)
    assert report.failed == set(broken.failed), report.text()
    finding = report.of(broken.failed[0])
    for part in broken.says:
        assert part in f"{finding.found}\n{finding.fix}"
    assert finding.fix
    _nothing_secret(clinic, report, changes)


async def test_a_file_that_was_edited_and_not_published_is_named(clinic: Clinic, tmp_path: Path) -> None:
    for path in (ROOT / "playbooks").glob("*.yaml"):
        text_of_it = path.read_text(encoding="utf-8").replace("title: ", "title: 新", 1)
        (tmp_path / path.name).write_text(text_of_it, encoding="utf-8")
    finding = (await clinic.examine(playbooks_dir=str(tmp_path))).of("published playbooks")
    assert finding.status is Status.WARN
    assert "coffee-welcome.yaml" in finding.found
    assert "journeys playbook publish" in finding.fix


def _nothing_secret(clinic: Clinic, report: Report, changes: Changes) -> None:
    secrets = ("wecom_secret", "wecom_callback_token", "wecom_callback_aes_key", "link_key", "pos_api_key")
    for value in [(clinic.values | changes)[name] for name in secrets]:
        assert len(value) < 6 or value not in report.text()
    assert "陈静" not in report.text()


async def test_the_gateway_tells_which_value_differs(clinic: Clinic) -> None:
    report = await clinic.examine(wecom_corp_id="ww" + "0" * 16)
    assert "another WECOM_CORP_ID than we" in report.of("echo").found


async def test_what_may_be_right_is_a_warning_and_no_failure(clinic: Clinic) -> None:
    report = await clinic.examine(ahead=timedelta(seconds=60))
    assert (report.failed, report.warned) == (set(), {f"against {whose}" for whose in CLOCKS})
    await clinic.new_namespace("without-a-worker")
    assert "workers" in (await clinic.examine(temporal_namespace="without-a-worker")).warned
    report = await clinic.examine(wecom_base_url=REAL, gateway_url="http://gateway:8080", public_url=OUTSIDE)
    assert "GATEWAY_URL" in report.warned, "the name in a network of containers"
    assert "payload encryption" in report.warned


async def test_tls_that_the_server_does_not_speak(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_TLS", "true")
    report = await clinic.examine()
    assert report.failed == {"server"}
    assert "with TLS" in report.of("server").found
    assert "TEMPORAL_TLS=false" in report.of("server").fix


# ---- what a doctor must not do


async def test_a_loop_of_doctors_tries_a_wrong_secret_once(clinic: Clinic) -> None:
    """About 2000 wrong secrets in an hour ban the IP: PostgreSQL remembers the refusal for all of them."""
    before = clinic.gettokens()
    for _ in range(5):
        report = await clinic.examine(wecom_secret="wrong-in-a-loop")
        assert report.failed == {"secret"}
    assert clinic.gettokens() - before == 1
    assert (await clinic.examine()).failed == set(), "the right one is tried at once"


async def test_a_wrong_secret_is_found_although_an_older_one_got_a_token(clinic: Clinic) -> None:
    """The token lives for two hours; the secret may have been mistyped since."""
    assert (await clinic.examine()).failed == set()
    assert (await clinic.examine(wecom_secret="mistyped-since")).failed == {"secret"}


async def test_without_a_database_a_refused_secret_costs_a_pause(clinic: Clinic) -> None:
    before = clinic.gettokens()
    report = await clinic.examine(database_url=NO_DATABASE, wecom_secret="wrong")
    assert report.failed == {"connection", "secret"}
    assert clinic.gettokens() - before == 1
    assert 3600 / UNREMEMBERED_PAUSE_SECONDS < 2000 / 2


async def test_checks_that_make_no_sense_are_skipped_and_say_why(clinic: Clinic) -> None:
    report = await clinic.examine(database_url=NO_DATABASE)
    assert report.of("schema").found == "skipped because PostgreSQL: connection failed"
    assert report.of("contact ways").status is Status.SKIPPED
    assert report.of("agent id").status is Status.OK, "WeCom can be asked without a database"


async def test_it_changes_nothing(clinic: Clinic) -> None:
    """Neither in WeCom, where it only reads, nor in the tables, but for the shared token."""
    rows = await _rows(clinic)
    posted = len([call for call in clinic.corp.world.traffic.log if call.method == "POST"])
    await clinic.examine()
    assert await _rows(clinic) == rows
    reads = {"externalcontact/get_contact_way", "externalcontact/batch/get_by_user"}
    new = [call for call in clinic.corp.world.traffic.log if call.method == "POST"][posted:]
    assert {call.api for call in new} <= reads


async def _rows(clinic: Clinic) -> dict[str, str]:
    """Every table's content as a hash, but for the token that all processes share."""
    found = {}
    async with clinic.corp.database.engine.connect() as connection:
        for table in SQLModel.metadata.sorted_tables:
            if table.name not in ("access_tokens", "leases", "api_limits"):
                query = text(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table.name} t")
                found[table.name] = str((await connection.execute(query)).scalar())
    return found


async def test_a_check_that_breaks_or_hangs_leaves_the_others_standing(clinic: Clinic) -> None:
    async def breaks(_: Setup) -> list[Finding]:
        raise LookupError("王小满 13800000000")

    async def hangs(_: Setup) -> list[Finding]:
        await asyncio.sleep(60)
        return []

    async def works(_: Setup) -> list[Finding]:
        return [ok("well")]

    report = await clinic.examine(
        checks=(
            Check("area", "breaks", breaks),
            Check("area", "hangs", hangs, seconds=0.01),
            Check("area", "works", works),
        )
    )
    assert report.failed == {"breaks", "hangs"}
    assert "LookupError at tests/starter/test_doctor.py" in report.of("breaks").found
    assert "小满" not in report.text(), "the text of an error may be about somebody"
    assert report.of("works").status is Status.OK


# ---- as its users meet it


def _run(folder: Path, env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in environment().items() if k.lower() not in Settings.model_fields}
    return subprocess.run(
        [sys.executable, "-m", "starter", "doctor", *arguments],
        cwd=folder,
        env=inherited | {"PYTHONPATH": str(ROOT), "DATA_DIR": str(folder)} | env,
        capture_output=True,
        text=True,
        timeout=60,
    )


async def _command(
    clinic: Clinic, folder: Path, *arguments: str, **env: str
) -> subprocess.CompletedProcess[str]:
    """The real command, as a process, on the clinic's settings."""
    ours = {name.upper(): str(value) for name, value in clinic.values.items() if value is not None}
    ours["DATA_DIR"] = str(folder)
    return await asyncio.to_thread(_run, folder, ours | env, *arguments)


async def test_the_command_is_well_and_says_so(clinic: Clinic, tmp_path: Path) -> None:
    done = await _command(clinic, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "✓ connection" in done.stdout
    assert "everything is as it should be" in done.stdout
    assert "✗" not in done.stdout


async def test_the_command_says_how_to_fix_what_fails(clinic: Clinic, tmp_path: Path) -> None:
    done = await _command(clinic, tmp_path, WECOM_AGENT_ID="1000003")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    [failed] = [number for number, line in enumerate(lines) if "✗ agent id" in line]
    assert lines[failed + 1].startswith("    fix: copy WECOM_AGENT_ID from 应用管理 → 自建应用")
    assert lines[-1] == "1 failure, 0 warnings"


async def test_the_command_gives_json(clinic: Clinic, tmp_path: Path) -> None:
    done = await _command(clinic, tmp_path, "--json", WECOM_SECRET="wrong-in-the-shell")
    assert done.returncode == 1
    rows = json.loads(done.stdout)
    assert [set(row) for row in rows] == [{"area", "check", "status", "found", "fix"}] * len(rows)
    assert [row["check"] for row in rows if row["status"] == "fail"] == ["secret"]
    assert "wrong-in-the-shell" not in done.stdout + done.stderr


def test_missing_settings_are_checks_and_no_crash(tmp_path: Path) -> None:
    done = _run(tmp_path, {"WECOM_AGENT_ID": "twelve"}, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    rows = {row["check"]: row for row in json.loads(done.stdout)}
    for name in ("DATABASE_URL", "LINK_KEY", "WECOM_CORP_ID", "WECOM_SECRET", "WECOM_CALLBACK_AES_KEY"):
        assert (rows[name]["status"], rows[name]["found"]) == ("fail", "Field required")
        assert f"set {name}" in rows[name]["fix"]
    assert "valid integer" in rows["WECOM_AGENT_ID"]["found"]
    assert rows["connection"]["found"] == "skipped because DATABASE_URL is not usable"
    assert rows["secret"]["status"] == "skipped"
