"""Temporal: the connection, the namespace, what we filter lives by, and whether anybody works."""

import asyncio

from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities import attributes
from starter.doctor.findings import Finding, fail, ok, some, warn
from starter.doctor.reach import unreachable
from starter.doctor.setup import Setup
from starter.stack import search_attribute
from worker import QUEUES
from workflows.connection import TemporalUnreachable, connect

_NO_RIGHT = {RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.PERMISSION_DENIED}


async def connection(setup: Setup) -> list[Finding]:
    """First whether anybody listens, then whether we understand each other (TLS) and are let in (key)."""
    try:
        wanted = setup.settings.temporal_connect()
    except (RuntimeError, ValueError, OSError) as error:
        return [
            fail(
                f"its profile cannot be read ({type(error).__name__})",
                "mend the file that TEMPORAL_CONFIG_FILE names, and the files of TEMPORAL_TLS_*",
            )
        ]
    target = str(wanted["target_host"])
    host, _, port = target.rpartition(":")
    if problem := await unreachable(host, int(port)):
        return [
            fail(
                f"{target}: {problem}",
                "start Temporal, or set TEMPORAL_ADDRESS to its host:port; the embedded stack: make up",
            )
        ]
    try:
        setup.temporal = await connect(setup.settings)
    except TemporalUnreachable:
        return [_not_understood(target, tls=bool(wanted.get("tls")), key=bool(wanted.get("api_key")))]
    return [ok(target)]


async def namespace(setup: Setup) -> list[Finding]:
    client = _client(setup)
    try:
        request = DescribeNamespaceRequest(namespace=client.namespace)
        await client.workflow_service.describe_namespace(request)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return [
                fail(
                    f"there is no namespace {client.namespace!r}",
                    f"set TEMPORAL_NAMESPACE, or make it: temporal operator namespace create{_where(client)}",
                )
            ]
        if error.status in _NO_RIGHT:
            return [fail(f"no right to {client.namespace!r} ({error.status.name})", _RIGHTS)]
        raise
    return [ok(client.namespace)]


async def search_attributes(setup: Setup) -> list[Finding]:
    client = _client(setup)
    try:
        request = ListSearchAttributesRequest(namespace=client.namespace)
        answer = await client.operator_service.list_search_attributes(request)
    except RPCError as error:
        if error.status in _NO_RIGHT | {RPCStatusCode.UNIMPLEMENTED}:
            return [
                warn(
                    f"this server does not list them to us ({error.status.name})",
                    f"look in its UI whether the namespace has {_all_of_them()}",
                )
            ]
        raise
    there = dict(answer.custom_attributes)
    wrong = [k for k in attributes.ALL if k.name in there and there[k.name] != k.indexed_value_type.value]
    missing = [k for k in attributes.ALL if k.name not in there]
    findings = [
        fail(
            f"{key.name} is a {_kind(there[key.name])}, not {search_attribute(key)}",
            f"temporal operator search-attribute remove{_where(client)} --name {key.name}; then run "
            "`journeys doctor` again for the command that creates it",
        )
        for key in wrong
    ]
    if missing:
        named = " ".join("--name {} --type {}".format(*search_attribute(key).split("=")) for key in missing)
        findings.append(
            fail(
                f"not registered: {some([key.name for key in missing])}; no customer's life can start",
                f"temporal operator search-attribute create{_where(client)} {named}",
            )
        )
    return findings or [ok(_all_of_them())]


async def workers(setup: Setup) -> list[Finding]:
    client = _client(setup)
    counts = await asyncio.gather(*(_pollers(client, queue) for queue in QUEUES))
    idle = [queue for queue, pollers in zip(QUEUES, counts, strict=True) if not pollers]
    if idle:
        return [
            warn(
                f"nobody works on {', '.join(idle)}: events are kept and wait",
                "start a worker: python worker.py (all queues), or --queues " + " ".join(idle),
            )
        ]
    return [ok("every task queue has one: " + ", ".join(QUEUES))]


_RIGHTS = "set TEMPORAL_API_KEY to a key of this namespace that has not expired, or give the key the right"


def _not_understood(target: str, *, tls: bool, key: bool) -> Finding:
    """It listens, and the talk fails: what we were told about TLS and keys decides what is likely."""
    found = f"{target} listens, but no Temporal answers us there ({'with' if tls else 'without'} TLS)"
    if not tls:
        how = "if it wants TLS, set TEMPORAL_TLS=true, or TEMPORAL_API_KEY, which turns TLS on"
    elif key:
        how = "check that TEMPORAL_API_KEY has not expired and is of this namespace and region"
    else:
        how = (
            "check TEMPORAL_TLS_CLIENT_CERT_PATH, TEMPORAL_TLS_CLIENT_KEY_PATH and "
            "TEMPORAL_TLS_SERVER_CA_CERT_PATH; if it wants no TLS, set TEMPORAL_TLS=false"
        )
    return fail(found, f"{how}; and that TEMPORAL_ADDRESS is the frontend (7233), not the UI (8233)")


async def _pollers(client: Client, queue: str) -> int:
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )
    return len((await client.workflow_service.describe_task_queue(request)).pollers)


def _client(setup: Setup) -> Client:
    assert setup.temporal is not None
    return setup.temporal


def _where(client: Client) -> str:
    """The options that lead Temporal's own command line to the same place."""
    return f" --address {client.service_client.config.target_host} --namespace {client.namespace}"


def _all_of_them() -> str:
    return ", ".join(key.name for key in attributes.ALL)


def _kind(number: IndexedValueType.ValueType) -> str:
    return IndexedValueType.Name(number).removeprefix("INDEXED_VALUE_TYPE_").title()
