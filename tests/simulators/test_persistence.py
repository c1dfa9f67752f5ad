"""A world in a file: it survives its process, and a file that cannot be used says why."""

import asyncio
import hashlib
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from settings import ROOT
from simulators import snapshot
from simulators.app import create_app
from simulators.config import SimulatorConfig
from simulators.persistence import MAGIC, StateError, StateFile
from simulators.saved import Blob
from simulators.state import people
from simulators.world import World
from tests.simulators.conftest import START
from tests.simulators.servers import process
from tests.simulators.sim import PNG, Receiver, Sim

pytestmark = pytest.mark.anyio


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "world.state"


def test_a_killed_process_comes_back_with_the_last_change(file: Path) -> None:
    with process("--alone", "--state", str(file), folder=file.parent) as before:
        before.control("employees", userid="chen", name="陈静")
        customer = before.control("people", nickname="小满")["external_userid"]
        before.control("clock", advance_seconds=86400)
        before.control("settings", qr_join_cap=7)
        before.control("add", userid="chen", external_userid=customer, state="door")
        token = before.token()
        media = before.http.post(
            "/cgi-bin/media/upload",
            params={"access_token": token, "type": "image"},
            files={"media": ("a.png", PNG + bytes(100_000), "image/png")},
        ).json()["media_id"]
        world = before.http.get("/_control/world").json()
        os.kill(before.process.pid, signal.SIGKILL)
    with process("--alone", "--state", str(file), folder=file.parent) as after:
        again = after.http.get("/_control/world").json()
        assert after.token() == token
        assert again["now"] >= world["now"]
        assert {**again, "now": None} == {**world, "now": None}
        # The same relation in both of its indexes: a change through one is seen through the other.
        after.control("delete", userid="chen", external_userid=customer, by="employee")
        assert after.http.get("/_control/world").json()["relations"] == []
        picture = after.http.get("/cgi-bin/media/get", params={"access_token": token, "media_id": media})
        assert picture.content == PNG + bytes(100_000)


# ---- in this process


@contextmanager
def opened(
    config: SimulatorConfig, file: Path, receiver: Receiver | None = None
) -> Iterator[tuple[World, StateFile]]:
    world = World(config, lambda: START, httpx.MockTransport(receiver or Receiver()))
    kept = StateFile(file, lambda: world)
    try:
        yield world, kept
    finally:
        kept.close()


def sealed(content: bytes) -> bytes:
    return b"\n".join((MAGIC, hashlib.sha256(content).hexdigest().encode(), content))


async def furnish(sim: Sim) -> None:
    """Something of everything."""
    way = await sim.contact_way(await sim.employee())
    person = await sim.person()
    await sim.control("scan", external_userid=person, config_id=way)
    await sim.control("join", external_userid=person, chat_id=await sim.group())
    body = {"chat_type": "single", "external_userid": [person], "text": {"content": "您好"}}
    await sim.api("externalcontact/add_msg_template", body)
    await sim.api("externalcontact/add_corp_tag", {"group_name": "会员", "tag": [{"name": "金卡"}]})
    await sim.control("till/stores", store_id="S1", name="一店")
    member = await sim.control("till/members", external_userid=person)
    await sim.control("till/orders", store_id="S1", amount_minor=100, member_id=member["member_id"])
    await sim.control("faults", api="pos/coupons", kind="http_500")
    await sim.control("population", people=5)
    await sim.control("population/advance", hours=48)
    await sim.world.drain()


async def test_everything_is_as_it_was(sim: Sim, config: SimulatorConfig, file: Path) -> None:
    await furnish(sim)
    kept = StateFile(file, lambda: sim.world)
    await kept.commit()
    kept.close()
    with opened(config, file) as (world, again):
        assert shape(world) == shape(sim.world)
        await again.commit()
        greeting = next(iter(world.welcomes._codes.values())).relation.greeting
        assert any(relation.greeting is greeting for relation in world.people.relations())


def shape(thing: Any, depth: int = 0) -> Any:
    """What it holds, without who holds it."""
    if isinstance(thing, dict):
        return {repr(shape(key)): shape(value, depth + 1) for key, value in thing.items()}
    if isinstance(thing, list | tuple | deque):
        return [shape(value, depth + 1) for value in thing]
    if isinstance(thing, random.Random):
        return hash(thing.getstate())
    if type(thing).__module__.startswith("simulators.") and depth < 12:
        left_out = {*SKIPPED, *getattr(type(thing), "TRANSIENT", ())}
        return {name: shape(value, depth + 1) for name, value in vars(thing).items() if name not in left_out}
    return repr(thing) if not isinstance(thing, set) else sorted(map(repr, thing))


# The process's own, and pointers from one part of the world to another.
SKIPPED = {"initial", "_http", "_base", "_config", "config", "_clock", "door", "_org", "_people"}


async def test_a_reset_empties_the_file_too(config: SimulatorConfig, file: Path) -> None:
    app = create_app(config, lambda: START, httpx.MockTransport(Receiver()), state=file)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://sim") as http,
    ):
        await http.post("/_control/people", json={"nickname": "小满"})
        await http.post("/_control/settings", json={"qr_join_cap": 7})
        await http.post("/_control/reset")
    with opened(config, file) as (world, _):
        assert world.people.customers == {}
        assert world.config.qr_join_cap == 200


async def test_what_was_under_way_is_sent_again(config: SimulatorConfig, file: Path) -> None:
    receiver = Receiver()
    with opened(config, file) as (world, kept):
        world.callbacks.raw("<Event>x</Event>")
        world.callbacks.outbox.cancel()
        await kept.commit()
    with opened(config, file, receiver) as (world, kept):
        async with kept.kept():
            await world.drain()
    assert len(receiver.requests) == 1
    with opened(config, file) as (world, _):
        assert [delivery.outcome for delivery in world.callbacks.outbox.log] == ["delivered"]


async def test_calls_that_come_together_share_a_snapshot(
    config: SimulatorConfig, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dumps: list[World] = []
    dump = snapshot.dump

    def counted(world: World, put: snapshot.Put) -> bytes:
        dumps.append(world)
        return dump(world, put)

    monkeypatch.setattr(snapshot, "dump", counted)
    with opened(config, file) as (_, kept):
        await asyncio.gather(*(kept.commit() for _ in range(20)))
    assert len(dumps) == 1


async def test_an_answer_does_not_lie_about_what_is_saved(config: SimulatorConfig, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    app = create_app(config, lambda: START, httpx.MockTransport(Receiver()), state=folder / "world.state")
    shutil.rmtree(folder)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://sim") as http:
        assert (await http.post("/_control/people", json={"nickname": "小满"})).status_code == 500
        assert (await http.get("/_control/world")).status_code == 200


# ---- files that cannot be used


def refusal(config: SimulatorConfig, file: Path) -> str:
    with pytest.raises(StateError) as caught, opened(config, file):
        pass
    return str(caught.value)


def newborn(world: World) -> people.Customer:
    customer = world.people.customers["wm1"] = people.Customer("wm1", "小满", None)
    return customer


async def saved(config: SimulatorConfig, file: Path) -> None:
    with opened(config, file) as (world, kept):
        newborn(world)
        world.media.images["key"] = Blob(100_000)
        await kept.commit()


async def test_a_damaged_file(config: SimulatorConfig, file: Path) -> None:
    await saved(config, file)
    content = bytearray(file.read_bytes())
    content[-20] ^= 1
    file.write_bytes(content)
    assert "is damaged" in refusal(config, file)
    assert "remove both to start with an empty world" in refusal(config, file)


async def test_a_lost_upload(config: SimulatorConfig, file: Path) -> None:
    await saved(config, file)
    (blob,) = Path(f"{file}.blobs").iterdir()
    blob.write_bytes(b"changed")
    assert f"{blob} is missing or changed" in refusal(config, file)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n", b"wecom-simulator-state 99\n0\n0"])
def test_not_a_file_of_this_version(config: SimulatorConfig, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert refusal(config, file)


async def test_a_class_that_is_gone(
    config: SimulatorConfig, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await saved(config, file)
    monkeypatch.delattr(people, "Customer")
    assert "saved by another version of the simulators (simulators.state.people.Customer)" in refusal(
        config, file
    )


async def test_fields_that_came_and_went(
    config: SimulatorConfig, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(config, file) as (world, kept):
        customer = newborn(world)
        del vars(customer)["position"]  # as if it were saved before there were positions
        del vars(world.people)["employees"]
        await kept.commit()
    with opened(config, file) as (world, kept):
        assert world.people.customer("wm1").position == ""
        assert world.people.employees == {}
        vars(world.people.customer("wm1"))["shoe_size"] = 38
        await kept.commit()
    assert "Customer.shoe_size" in refusal(config, file)


def test_a_file_that_would_run_something(config: SimulatorConfig, file: Path, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "evil"),)

    for content in (pickle.dumps(Evil()), b"csimulators.persistence\nos.mkdir\n(S'/tmp/w/x'\ntR."):
        file.write_bytes(sealed(content))
        assert "another version" in refusal(config, file)
    assert not (tmp_path / "evil").exists()


def test_a_file_in_use(config: SimulatorConfig, file: Path) -> None:
    with opened(config, file):
        assert "in use by another simulator" in refusal(config, file)


def test_the_command_says_why_it_does_not_start(file: Path) -> None:
    file.write_bytes(b"something else")
    done = subprocess.run(
        [sys.executable, "-m", "simulators", "--alone", "--state", file],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"python -m simulators: {file} is not a simulator's state: name another file"
    )
