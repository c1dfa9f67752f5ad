"""`journeys customers form`: the link of a form for one customer, to be sent by hand."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.events import FormName
from domain.links import LINK_LIFE, read
from settings import ROOT, utc_now
from starter.preview.corp import made_up_settings
from storage.database import Database
from storage.tables import Customer
from tests.starter.test_command_line import _run

pytestmark = pytest.mark.anyio
KEY = made_up_settings("postgresql://nowhere/none", 0, 0).link_key.get_secret_value().encode()


@pytest.fixture
async def folder(database: Database, database_url: str, tmp_path: Path) -> Path:
    """Settings for a database in which there is one customer."""
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    url = database_url.replace("+psycopg", "")
    more = f"DATABASE_URL={url}\nPUBLIC_URL=https://j.example.com/\n"
    (tmp_path / ".env").write_text(f"{example}\n{more}", encoding="utf-8")
    async with database.transaction() as session:
        noon = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
        session.add(Customer(external_userid="wm1", stage_since=noon, created_at=noon))
    return tmp_path


async def test_the_link_is_printed_alone_and_is_hers(folder: Path) -> None:
    done = _run(folder, "customers", "form", "wm1", "birthday")
    assert done.returncode == 0, done.stderr
    [link] = done.stdout.splitlines()
    base, _, token = link.rpartition("/")
    assert base == "https://j.example.com/f"
    found = read(token, KEY, utc_now())
    assert (found.external_userid, found.form) == ("wm1", FormName.BIRTHDAY)
    assert found.expires_at <= utc_now() + LINK_LIFE


async def test_programs_get_it_as_json(folder: Path) -> None:
    done = _run(folder, "customers", "form", "wm1", "due_date", "--json")
    said = json.loads(done.stdout)
    assert (said["customer"], said["form"]) == ("wm1", "due_date")
    assert datetime.fromisoformat(said["expires_at"]) > utc_now()


@pytest.mark.parametrize(("who", "name", "code"), [("wm2", "birthday", 1), ("wm1", "shoe_size", 2)])
async def test_an_unknown_customer_and_an_unknown_form_are_refused(
    folder: Path, who: str, name: str, code: int
) -> None:
    done = _run(folder, "customers", "form", who, name)
    assert (done.returncode, done.stdout) == (code, "")
    assert ("wm2" if code == 1 else "birthday") in done.stderr
