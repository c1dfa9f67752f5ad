"""Nonsense is answered, never a crash: every operation gets bodies that make no sense, over HTTP."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from simulators.config import SimulatorConfig
from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio

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
    b"[" * 10_000,
)
LABELS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
# A query of nonsense, in every parameter at once.
QUERIES = ("", "²", "a\nb", "-1", "9" * 5000)


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


def fields(app: FastAPI, operation: dict[str, Any]) -> dict[str, Any]:
    """The names in the body, each with something of the right type."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return {}
    schema = content["schema"]
    if "$ref" in schema:
        schema = app.openapi()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    plain = {"integer": 1, "array": ["zhangsan"], "object": {}}
    return {
        name: plain.get(one.get("type"), "zhangsan") for name, one in schema.get("properties", {}).items()
    }


def bodies(app: FastAPI, operation: dict[str, Any]) -> Iterator[bytes]:
    """All fields say the same nonsense; and one by one, so that none hides behind another."""
    known = fields(app, operation)
    for value in VALUES if known else ():
        yield json.dumps(dict.fromkeys(known, value)).encode()
    for place, name in enumerate(known):
        for value in (HUGE, VALUES[place % len(VALUES)]):
            yield json.dumps({**known, name: value}).encode()


def calls(app: FastAPI, method: str, operation: dict[str, Any]) -> Iterator[tuple[str, str, bytes, str]]:
    """Method, what every parameter of the query says, body and its label."""
    for body in bodies(app, operation):
        yield method, "", body, LABELS[0]
    for place, raw in enumerate(RAW):
        yield method, "", raw, LABELS[place % len(LABELS)]
    for text in QUERIES if operation.get("parameters") else ():
        yield method, text, b"", LABELS[0]
    yield "PATCH", "", b"", LABELS[0]


async def tried(sim: Sim, app: FastAPI, prefix: str) -> list[tuple[str, httpx.Response]]:
    """Every call and its answer. An exception of the simulator would come through and end the test."""
    answers = []
    token = await sim.access_token()
    for method, path, operation in operations(app, prefix):
        names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
        for verb, text, body, label in calls(app, method, operation):
            query = {"access_token": token, **dict.fromkeys(names, text)}
            answer = await sim.http.request(
                verb, path, params=query, content=body, headers={"Content-Type": label}
            )
            answers.append((f"{verb} {path} {text[:20]!r} {body[:80]!r} {label}", answer))
    return answers


async def test_wecom_answers_nonsense_with_an_errcode(sim: Sim, app: FastAPI) -> None:
    await sim.friend()
    for what, answer in await tried(sim, app, "/cgi-bin"):
        assert answer.status_code == 200, what
        assert isinstance(answer.json()["errcode"], int), what
        assert answer.headers["Error-Msg"].isprintable(), what


async def test_the_control_api_refuses_nonsense(sim: Sim, app: FastAPI) -> None:
    await sim.friend()
    for what, answer in await tried(sim, app, "/_control"):
        assert answer.is_success or answer.is_client_error, what
