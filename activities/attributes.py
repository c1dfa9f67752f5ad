"""Search attributes: staff filter lives in the Temporal UI by them. Registered when the stack starts."""

from typing import Any

from temporalio.common import SearchAttributeKey

STAGE = SearchAttributeKey.for_keyword("JourneyStage")
PLAYBOOKS = SearchAttributeKey.for_keyword_list("JourneyPlaybooks")
STORE = SearchAttributeKey.for_keyword("JourneyStore")
REGION = SearchAttributeKey.for_keyword("JourneyRegion")
TIER = SearchAttributeKey.for_keyword("JourneyTier")

ALL: tuple[SearchAttributeKey[Any], ...] = (STAGE, PLAYBOOKS, STORE, REGION, TIER)
