"""Where a walk through shops and days stands: shop by shop, in windows of at most 31 days, page by page."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ValidationError

from integrations.pos.errors import PosInvalidRequest

LONGEST = timedelta(days=31)  # contract §7


class Place(BaseModel):
    """`start` is that of the window; a walk that knows no days has none."""

    shop: str
    start: AwareDatetime | None = None
    page: int = 1

    def cursor(self) -> str:
        return self.model_dump_json(exclude_defaults=True)

    def turned(self) -> Place:
        return self.model_copy(update={"page": self.page + 1})


def place_of(cursor: str) -> Place:
    try:
        return Place.model_validate_json(cursor)
    except ValidationError:
        raise PosInvalidRequest("this cursor is not one of Keruyun's walks") from None


def window(place: Place, since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """From and to, both inclusive, as the provider has it; a second's fraction is dropped on the wire."""
    start = place.start or since
    return start, min(start + LONGEST, until) - timedelta(microseconds=1)


def next_window(place: Place, since: datetime, until: datetime) -> Place | None:
    start = (place.start or since) + LONGEST
    return Place(shop=place.shop, start=start) if start < until else None


def next_shop(place: Place | None, shops: list[str]) -> Place | None:
    """In the order of their ids, so that a shop that opens or closes meanwhile upsets nothing."""
    later = [shop for shop in sorted(shops) if place is None or shop > place.shop]
    return Place(shop=later[0]) if later else None
