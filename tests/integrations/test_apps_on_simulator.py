"""The app reads about itself, against the simulator."""

from __future__ import annotations

import pytest

from integrations.wecom import Misconfigured
from tests.integrations.corp import Corp

pytestmark = pytest.mark.anyio


async def test_the_apps_own_id(corp: Corp) -> None:
    own = corp.world.config.agent_id
    app = await corp.wecom.get_app(own)
    assert (app.agentid, app.close) == (own, 0)


async def test_an_id_of_another_app_is_a_wrong_setting(corp: Corp) -> None:
    with pytest.raises(Misconfigured) as caught:
        await corp.wecom.get_app(corp.world.config.agent_id + 1)
    assert caught.value.errcode == 301002
    assert caught.value.from_ip is not None, "WeCom says from where it was called"
