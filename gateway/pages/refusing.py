"""What a page with a signed link says when it cannot be shown."""

import logging
from collections.abc import Awaitable

from fastapi import Response
from sqlalchemy.exc import SQLAlchemyError

from domain.sealing import BadLink, ExpiredLink
from gateway.bodies import TooLarge
from gateway.metrics import Metrics
from gateway.pages import rendering

log = logging.getLogger(__name__)


async def or_refused(answer: Awaitable[Response], metrics: Metrics, door: str) -> Response:
    """The page, or one that says what to do; the reason goes to the count, not to a stranger."""
    try:
        return await answer
    except ExpiredLink:
        title, text, status = "链接已过期", "请回到聊天里，请发给您的人再发一次。", 410
    except BadLink:
        title, text, status = "链接不完整", "请回到聊天里，重新点开完整的链接。", 404
    except TooLarge:
        title, text, status = "内容太多了", "请返回上一页，写短一些再提交。", 413
    except (SQLAlchemyError, OSError) as error:
        log.error("no page of %s without PostgreSQL: %s", door, type(error).__name__)
        metrics.facts.labels(door, "try_again").inc()
        return rendering.unavailable()
    metrics.facts.labels(door, "refused").inc()
    return rendering.message(title, text, status)
