"""The client: all groups of endpoints as one object, over one transport."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import httpx
from pydantic import SecretStr

from integrations.wecom.endpoints.acquisition import Acquisition
from integrations.wecom.endpoints.app_messages import AppMessages
from integrations.wecom.endpoints.apps import Apps
from integrations.wecom.endpoints.contact_ways import ContactWays
from integrations.wecom.endpoints.customer_ids import CustomerIds
from integrations.wecom.endpoints.customers import Customers
from integrations.wecom.endpoints.group_chats import GroupChats
from integrations.wecom.endpoints.handover import Handover
from integrations.wecom.endpoints.intercept import InterceptRules
from integrations.wecom.endpoints.join_ways import JoinWays
from integrations.wecom.endpoints.mass_messages import MassMessages
from integrations.wecom.endpoints.media import Media
from integrations.wecom.endpoints.moments import Moments
from integrations.wecom.endpoints.network import Network
from integrations.wecom.endpoints.staff import Staff
from integrations.wecom.endpoints.statistics import Statistics
from integrations.wecom.endpoints.strategy_tags import StrategyTags
from integrations.wecom.endpoints.tags import Tags
from integrations.wecom.endpoints.welcome_templates import WelcomeTemplates
from integrations.wecom.governor import Governor, NoGovernor
from integrations.wecom.tokens import (
    DEFAULT_FAILURE_MEMORY_SECONDS,
    Token,
    TokenSource,
    TokenStore,
    digest_of,
)
from integrations.wecom.transport import Transport
from integrations.wecom.wire import Wire, gettoken


class WeComClient(
    Apps,
    ContactWays,
    Acquisition,
    Customers,
    CustomerIds,
    Tags,
    StrategyTags,
    GroupChats,
    JoinWays,
    WelcomeTemplates,
    MassMessages,
    Moments,
    Handover,
    InterceptRules,
    Statistics,
    Media,
    Staff,
    Network,
    AppMessages,
):
    """One app of one corp. Raises the tree of errors.py; never repeats a call, except once with a new token.

    `base_url` is without /cgi-bin, e.g. https://qyapi.weixin.qq.com. `timeout_seconds` bounds one whole call,
    `transfer_timeout_seconds` an upload or download. The http client belongs to the caller, who closes it.
    """

    def __init__(
        self,
        *,
        http: httpx.AsyncClient,
        base_url: str,
        corp_id: str,
        secret: str,
        agent_id: int,
        token_store: TokenStore,
        clock: Callable[[], datetime],
        timeout_seconds: float = 5.0,
        transfer_timeout_seconds: float = 30.0,
        failure_memory_seconds: float = DEFAULT_FAILURE_MEMORY_SECONDS,
        governor: Governor | None = None,
    ) -> None:
        wire = Wire(http, base_url)
        app_secret = SecretStr(secret)

        async def fetch() -> Token:
            return await gettoken(wire, corp_id, app_secret, clock, timeout_seconds=timeout_seconds)

        tokens = TokenSource(
            fetch,
            token_store,
            clock,
            secret_digest=digest_of(corp_id, app_secret),
            failure_memory_seconds=failure_memory_seconds,
        )
        transport = Transport(
            wire,
            tokens,
            governor or NoGovernor(),
            timeout_seconds=timeout_seconds,
            transfer_timeout_seconds=transfer_timeout_seconds,
        )
        super().__init__(transport, agent_id=agent_id)
