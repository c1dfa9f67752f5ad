"""A healthy set-up for `journeys doctor`, and the hands that break one thing of it at a time."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from google.protobuf.duration_pb2 import Duration
from pydantic import SecretStr
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.testing import WorkflowEnvironment

from settings import Clock, Settings, utc_now
from starter.doctor.examination import CHECKS, Check, examine
from starter.doctor.findings import Finding, Status
from starter.doctor.setup import REAL_WECOM, Setup, read_settings
from storage.tables import TillWalk
from tests.corp import Corp, running_corp

OUTSIDE = "https://journeys.example.com"  # the gateway's name in the world; it leads to the gateway here


class Report(list[Finding]):
    """The findings of one run."""

    @property
    def failed(self) -> set[str]:
        return {finding.name for finding in self if finding.status is Status.FAIL}

    @property
    def warned(self) -> set[str]:
        return {finding.name for finding in self if finding.status is Status.WARN}

    def of(self, name: str) -> Finding:
        """The finding of this name; where several have it, the one that failed."""
        named = sorted((f for f in self if f.name == name), key=lambda f: f.status is not Status.FAIL)
        assert named, f"no finding {name!r} among {[f.name for f in self]}"
        return named[0]

    def text(self) -> str:
        return "\n".join(f"{f.area} {f.name} {f.status} {f.found} {f.fix}" for f in self)


@dataclass
class Clinic:
    """A whole corp on the real engines, and its settings as an environment would give them."""

    corp: Corp
    values: dict[str, Any]

    async def examine(
        self, *, ahead: timedelta = timedelta(), checks: Sequence[Check] = CHECKS, **changes: Any
    ) -> Report:
        """One run of the doctor on the settings with these changes, by a clock that is `ahead`."""
        settings, problems = read_settings(**self.values | changes)
        clock: Clock = lambda: utc_now() + ahead  # noqa: E731
        mounts = {
            f"https://{REAL_WECOM}": _Elsewhere(self.values["wecom_base_url"]),
            f"http://{REAL_WECOM}": httpx.MockTransport(_to_https),
            OUTSIDE: _Elsewhere(self.values["gateway_url"]),
        }
        async with httpx.AsyncClient(mounts=mounts, trust_env=False) as http:
            return Report(await examine(Setup(settings, problems, http, clock, pause_seconds=0), checks))

    async def new_namespace(self, name: str, **attributes: Any) -> None:
        """As `temporal operator namespace create` makes it: with nothing of ours but these attributes."""
        client = self.corp.env.client
        await client.workflow_service.register_namespace(
            RegisterNamespaceRequest(
                namespace=name, workflow_execution_retention_period=Duration(seconds=86_400)
            )
        )
        if attributes:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=name, search_attributes=attributes)
            )

    async def app(self, **changes: Any) -> None:
        """Change the app in the admin console of the simulated corp."""
        await self.corp.street.do(f"apps/{self.corp.settings.wecom_agent_id}", **changes)

    def gettokens(self) -> int:
        """How often WeCom has been asked for a token."""
        return self.corp.world.traffic.counts["gettoken"]


class _Elsewhere(httpx.AsyncHTTPTransport):
    """The real WeCom's name leads to the simulator."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = httpx.URL(base_url)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(
            scheme=self._base_url.scheme, host=self._base_url.host, port=self._base_url.port
        )
        return await super().handle_async_request(request)


def _to_https(request: httpx.Request) -> httpx.Response:
    return httpx.Response(301, headers={"location": str(request.url.copy_with(scheme="https"))})


def plain(settings: Settings) -> dict[str, Any]:
    """The values as an environment would hold them."""
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in ((name, getattr(settings, name)) for name in settings.model_fields_set)
    }


def walked_last_night(provider: str) -> TillWalk:
    then = utc_now() - timedelta(hours=8)
    return TillWalk(
        id="till-walk/orders/night",
        provider=provider,
        kind="orders",
        status="done",
        started_at=then,
        ended_at=then,
    )


@contextlib.asynccontextmanager
async def opened(env: WorkflowEnvironment, database_url: str) -> AsyncIterator[Clinic]:
    async with running_corp(env, database_url) as corp:
        own = {
            "temporal_address": env.client.service_client.config.target_host,
            "temporal_namespace": env.client.namespace,
            "public_url": "",
            "member_key": "ef" * 32,
        }
        async with corp.database.transaction() as session:
            session.add(walked_last_night(corp.settings.pos_provider))
        yield Clinic(corp, plain(corp.settings) | own)
