"""The first days of a friendship, under time skipping."""

import pytest

from tests.corp import Corp

pytestmark = pytest.mark.anyio


async def test_a_friend_is_greeted_tagged_and_joins(corp: Corp) -> None:
    she = await corp.newcomer("小满")
    await corp.scan(she, "S002-cashier")
    await corp.until_logged(she, "tagged")
    assert await corp.stage(she) == "welcomed"
    [greeting] = [m for m in await corp.received(she) if m["channel"] == "welcome"]
    assert "小满，您好" in greeting["text"]
    assert len(greeting["attachments"]) == 1, "the group's QR picture"
    assert (await corp.street.see(f"tags/{she}")) == {"li": ["望京店", "cashier"]}
    await corp.join(she)
    await corp.until_stage(she, "joined")
