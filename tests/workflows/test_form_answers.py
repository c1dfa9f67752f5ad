"""From the greeting's link to her life: she opens it, answers, and her journey goes on."""

import re

import pytest
from sqlmodel import select

from storage.tables import FormAnswer
from tests.corp import Corp
from tests.workflows.conftest import CorpWith, playbook

pytestmark = pytest.mark.anyio

WELCOME = {"text": "{{ customer.nickname }}，您好！告诉我们您的生日：\n{{ forms.birthday }}"}
WAIT = {
    "wait_for": {
        "event": "form_answered",
        "form": "birthday",
        "timeout": "5d",
        "then": [{"exit": "told us"}],
        "otherwise": [{"exit": "did not tell"}],
    }
}


async def link_in_the_greeting(corp: Corp, customer: str) -> str:
    [greeting] = [m["text"] for m in await corp.received(customer)]
    found = re.search(r"^(http\S+)$", greeting, re.MULTILINE)
    assert found, greeting
    return found[1]


async def greeted(corp: Corp) -> str:
    she = await corp.newcomer()
    await corp.scan(she)
    await corp.until_logged(she, "welcome sent")
    return she


async def tell(corp: Corp, link: str) -> None:
    assert (await corp.http.get(link)).status_code == 200
    assert (await corp.http.post(link, data={"month": "3", "day": "8", "year": "1990"})).status_code == 200


async def test_the_greetings_link_leads_to_her_form_and_her_answer_goes_on_with_her_journey(
    corp_with: CorpWith,
) -> None:
    steps = [{"wait": "1d"}, WAIT]
    async with corp_with(playbooks=[playbook(welcome=WELCOME, join_reminder=None, nurture=steps)]) as corp:
        she, silent = await greeted(corp), await greeted(corp)
        await tell(corp, await link_in_the_greeting(corp, she))  # long before the step that waits for it
        await corp.until_logged(she, "form birthday answered")
        await corp.sleep(days=1, minutes=5)
        await corp.until_logged(she, "small ended")
        assert [line.reason for line in await corp.story(she) if line.what == "small ended"] == ["told us"]
        await corp.sleep(days=5)
        await corp.until_logged(silent, "small ended")
        assert ("small ended", "did not tell") in [(n.what, n.reason) for n in await corp.story(silent)]
        async with corp.database.transaction() as session:
            [row] = (await session.exec(select(FormAnswer))).all()
        assert (row.external_userid, row.answers) == (she, {"month": 3, "day": 8, "year": 1990})
        story = str(await corp.story(she)) + (await corp.history(f"customer/{she}")).to_json()
        assert "1990" not in story


async def test_who_has_left_may_still_answer_and_is_lost_as_before(corp_with: CorpWith) -> None:
    """She comes back to life for the length of one event, also after her life was parked."""
    async with corp_with(playbooks=[playbook(welcome=WELCOME, join_reminder=None, nurture=[WAIT])]) as corp:
        she = await corp.newcomer()
        employee = await corp.scan(she)
        await corp.until_logged(she, "welcome sent")
        link = await link_in_the_greeting(corp, she)
        await corp.do("delete", userid=employee, external_userid=she, by="customer")
        await corp.until_stage(she, "lost")
        await corp.sleep(days=40)
        await tell(corp, link)
        await corp.until_logged(she, "form birthday answered")
        assert await corp.stage(she) == "lost"
        assert [m["channel"] for m in await corp.received(she)] == ["welcome"]
