"""Youzan's ways of writing: times without a zone, yuan as text, numbers for all that it made itself."""

from datetime import UTC, datetime
from decimal import Decimal
from zlib import crc32

from simulators.clock import CHINA

FORM = "%Y-%m-%d %H:%M:%S"
NEVER = "1970-01-01 08:00:00"


def local(at: datetime) -> str:
    return at.astimezone(CHINA).strftime(FORM)


def instant(text: str) -> datetime:
    """Raises ValueError, also for a day without a time."""
    return datetime.strptime(text, FORM).replace(tzinfo=CHINA).astimezone(UTC)


def yuan(fen: int) -> str:
    return str(Decimal(fen).scaleb(-2))


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def number(word: str) -> int:
    """Of what the till calls by a word: always the same."""
    return int(word) if word.isdecimal() else 10**9 + crc32(word.encode())


def mobile(phone: str | None) -> str:
    """As it is dialled in China."""
    return (phone or "").removeprefix("+86")
