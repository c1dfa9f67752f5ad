"""Which of many places are nearest: a box that a database can look into, then exact distances."""

from collections.abc import Iterable
from math import asin, cos, degrees, radians, sin
from typing import TypeVar

from domain.geo import EARTH_METRES, Place, great_circle_metres

Key = TypeVar("Key")
HALFWAY_ROUND_METRES = 20_037_508
Box = tuple[float, float, float, float]  # south, north, west, east, in degrees


def box(here: Place, metres: float) -> Box:
    """Holds every place within `metres`, and some beyond. Round a pole or the date line: all longitudes."""
    latitude, longitude = here
    angle = metres / EARTH_METRES
    reach = degrees(angle)
    south, north = max(latitude - reach, -90.0), min(latitude + reach, 90.0)
    if south <= -90 or north >= 90:
        return south, north, -180.0, 180.0
    aside = degrees(asin(min(1.0, sin(angle) / cos(radians(latitude)))))
    if longitude - aside < -180 or longitude + aside > 180:
        return south, north, -180.0, 180.0
    return south, north, longitude - aside, longitude + aside


def nearest(here: Place, places: Iterable[tuple[Key, Place]]) -> list[tuple[float, Key]]:
    """Metres and key of every place, the nearest first; of equally far ones in the order given."""
    found = [(great_circle_metres(*here, *place), key) for key, place in places]
    return sorted(found, key=lambda one: one[0])
