"""M37: who wanted something hears of it within three hours, or not at all."""

from datetime import timedelta

import pytest

from domain.policy import Policy
from storage.tables import Touch
from tests.corp import Corp
from tests.workflows.conftest import CorpWith, playbook

pytestmark = pytest.mark.anyio

POLICY = Policy.model_validate(
    {
        "default_playbook": "small",
        "window": "10m",
        "quiet_hours": {"start": "22:00", "end": "08:00"},
        "staff_task": {"poll_every": "20m"},
    }
)
WANTED = [
    {"wait": {"until": "12:00"}},
    {"send": {"text": "您刚看的那款，今天还有。", "within": "3h"}},
    {"wait": {"duration": "2d", "until": "21:00"}},
    {"send": {"text": "晚上还想要吗？", "within": "3h"}},
    {"wait": {"until": "23:00"}},
    {"send": {"text": "半夜想要的。", "within": "3h"}},
]


async def by_text(corp: Corp, she: str) -> list[Touch]:
    await corp.until_logged(she, "small ended")
    return await corp.touches(she)


async def test_m37_what_nobody_confirms_within_three_hours_is_not_sent_later(corp_with: CorpWith) -> None:
    book = playbook(
        link="friend_only",
        welcome={"text": "您好", "invite_to_group": False},
        join_reminder=None,
        nurture=WANTED,
    )
    async with corp_with(playbooks=[book], policy=POLICY) as corp:
        she = await corp.newcomer()
        await corp.scan(she)
        await corp.until_logged(she, "welcome sent")
        await corp.sleep(days=5)
        unconfirmed, shortened, at_night = await by_text(corp, she)
        assert (unconfirmed.status, unconfirmed.rule) == ("expired", "unconfirmed")
        assert unconfirmed.send_by
        assert unconfirmed.settled_at
        # It counts from when she came to the step, not from when it was written down.
        late = unconfirmed.planned_at + timedelta(hours=3) - unconfirmed.send_by
        assert timedelta(0) <= late < timedelta(minutes=1)
        assert timedelta(0) <= unconfirmed.settled_at - unconfirmed.send_by < timedelta(minutes=30)
        assert shortened.status == "expired"
        assert shortened.settled_at
        assert shortened.send_by
        assert shortened.settled_at < shortened.send_by - timedelta(hours=1)  # the quiet hours came first
        assert (at_night.status, at_night.rule, at_night.batch_id) == ("refused", "too_late", None)
        assert at_night.reason.startswith("of no use after ")
        assert await corp.street.confirm_all_tasks() == 0
        assert len(await corp.received(she)) == 1  # the greeting
        assert any("too_late: of no use after" in line.reason for line in await corp.story(she))
