"""Corps with playbooks and policies of a test's own."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.playbook import Playbook
from tests.corp import Corp, running_corp

CorpWith = Callable[..., AbstractAsyncContextManager[Corp]]


@pytest.fixture
def corp_with(skipping: WorkflowEnvironment, database_url: str) -> CorpWith:
    """`async with corp_with(playbooks=[…], policy=…) as corp`."""

    def make(**options: Any) -> AbstractAsyncContextManager[Corp]:
        return running_corp(skipping, database_url, **options)

    return make


def playbook(**parts: Any) -> Playbook:
    """A small playbook; only what a test is about need be given."""
    whole: dict[str, Any] = {
        "playbook": "small",
        "title": "小",
        "welcome": {
            "text": "{{ customer.nickname }}，您好",
            "fallback_text": "{{ store.name }}的群在这里",
            "benefit": "立减 5 元",
        },
        "join_reminder": {"after": "2d", "text": "群里还有您的位置"},
    }
    return Playbook.model_validate(whole | parts)
