"""Nonsense is answered, never a crash: every operation gets bodies that make no sense, over HTTP."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from simulators.config import SimulatorConfig
from tests.simulators.sim import Sim

HUGE = 10**30
# Each stands once in every field of every body.
VALUES = (
    None,
    "",
    "a\nb",
    "²",
    "\ud800",
    -1,
    HUGE,
    1e308,
    float("inf"),
    True,
    [None],
    ["²\n"],
    {"a": [HUGE]},
)
# No JSON, or none that one should read.
RAW = (
    b"",
    b"null",
    b"[]",
    b"{",
    b"\xff\xfe{",
    b"a=b&c=d",
    b'{"userid":1,"userid":2}',
    b'{"userid":' + b"9" * 5000 + b"}",
    b"[" * 100_000,
)
LABELS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
# A query of nonsense, in every parameter at once.
QUERIES = ("", "²", "a\nb", "-1", "9" * 5000)
AGES = "/_control/population/advance"  # lives on for as long as it is told


@pytest.fixture
def config(config: SimulatorConfig) -> SimulatorConfig:
    """The gate stays open: what is behind it is tried."""
    return config.model_copy(update={"calls_per_minute": HUGE, "ip_calls_per_minute": HUGE})


def operations(app: FastAPI, prefix: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path with something in the place of its parameters, and the operation as documented."""
    for path, methods in app.openapi()["paths"].items():
        if path.startswith(prefix) and path != "/_control/reset":
            for method, operation in methods.items():
                yield method.upper(), path.replace("{", "").replace("}", ""), operation


def fields(app: FastAPI, operation: dict[str, Any]) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return []
    schema = content["schema"]
    if "$ref" in schema:
        schema = app.openapi()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return list(schema.get("properties", {}))


def bodies(app: FastAPI, operation: dict[str, Any]) -> Iterator[bytes]:
    """All fields at once say the same, so that no field hides behind one that is missing; and one by one."""
    names = fields(app, operation)
    for value in VALUES if names else ():
        yield json.dumps(dict.fromkeys(names, value)).encode()
    for place, name in enumerate(names):
        others = {other: "zhangsan" for other in names if other != name}
        yield json.dumps({**others, name: VALUES[place % len(VALUES)]}).encode()


async def tried(sim: Sim, app: FastAPI, prefix: str) -> Iterator[tuple[str, int, Any]]:
    """Every call, and how it was answered: what, HTTP status, body."""
    answers = []
    token = await sim.access_token()
    for method, path, operation in operations(app, prefix):
        names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
        calls: list[tuple[str, dict[str, str], bytes, str]] = [
            (method, {}, body, LABELS[0]) for body in bodies(app, operation)
        ]
        calls += [(method, {}, raw, LABELS[place % 3]) for place, raw in enumerate(RAW)]
        calls += [(method, dict.fromkeys(names, text), b"", LABELS[0]) for text in QUERIES if names]
        calls += [("PATCH", {}, b"", LABELS[0])]
        for verb, query, body, label in calls:
            answer = await sim.http.request(
                verb,
                path,
                params={"access_token": token, **query},
                content=body,
                headers={"Content-Type": label},
            )
            answers.append((f"{verb} {path} {query} {body[:80]!r} {label}", answer))
    return iter([(what, one.status_code, one) for what, one in answers])


async def test_wecom_answers_nonsense_with_an_errcode(sim: Sim, app: FastAPI) -> None:
    await sim.friend()
    for what, status, answer in await tried(sim, app, "/cgi-bin"):
        assert status == 200, what
        assert isinstance(answer.json()["errcode"], int), what
        assert answer.headers["Error-Msg"].isprintable(), what


async def test_the_control_api_refuses_nonsense(sim: Sim, app: FastAPI) -> None:
    await sim.friend()
    for what, status, _ in await tried(sim, app, "/_control"):
        assert 200 <= status < 300 or 400 <= status < 500, what
