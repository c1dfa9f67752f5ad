"""Places on the map: distances, and the shifted coordinates that Chinese maps show.

By law a map of China shows GCJ-02: WGS-84, which a phone's GPS reports, moved by some hundred metres. Baidu
moves it once more, to BD-09. A place copied from 高德 or 腾讯地图 is GCJ-02. All values are degrees.
"""

from collections.abc import Callable
from enum import StrEnum
from math import asin, atan2, cos, hypot, pi, radians, sin, sqrt

EARTH_METRES = 6_371_008.8  # mean radius
Place = tuple[float, float]  # latitude, longitude

# The published approximation of GCJ-02: the Krasovsky ellipsoid, and waves in a sheet about (35 °N, 105 °E).
_AXIS_METRES, _ECCENTRICITY2 = 6_378_245.0, 0.00669342162296594323
_BAIDU_WAVE = pi * 3000 / 180
_ROUNDS = 8  # each makes the rest about a thousand times smaller

# A rough outline, a little outside the border, with Hong Kong and Macau (their maps are shifted too).
_CHINA: tuple[Place, ...] = (
    *((53.8, 121.0), (53.5, 125.0), (50.4, 127.8), (49.6, 129.8), (48.0, 131.0), (48.5, 134.9)),
    *((45.0, 133.5), (44.9, 131.5), (43.4, 131.5), (42.4, 130.8), (42.2, 129.0), (41.3, 128.3)),
    *((41.6, 126.9), (39.8, 124.3), (38.5, 122.5), (37.2, 123.3), (30.5, 123.4), (27.3, 121.8)),
    *((25.2, 120.3), (22.9, 117.8), (21.8, 114.7), (19.8, 111.6), (17.8, 110.0), (18.2, 108.3)),
    *((21.3, 107.9), (21.8, 106.5), (23.1, 105.4), (22.3, 104.0), (22.5, 102.3), (20.9, 101.7)),
    *((21.4, 99.9), (23.6, 98.5), (23.7, 97.4), (27.6, 98.2), (28.2, 97.4), (28.9, 94.5)),
    *((27.6, 92.0), (27.9, 90.0), (27.1, 88.9), (27.8, 86.0), (28.2, 85.2), (30.0, 81.2)),
    *((32.0, 78.5), (35.6, 77.6), (36.7, 75.0), (37.3, 74.3), (39.5, 73.3), (40.8, 75.5)),
    *((42.3, 80.0), (44.3, 80.2), (45.2, 82.3), (47.3, 82.8), (47.4, 85.3), (49.3, 87.5)),
    *((48.0, 90.0), (45.2, 91.0), (44.4, 95.5), (42.9, 96.6), (42.8, 101.0), (41.8, 105.0)),
    *((42.6, 107.5), (42.6, 110.0), (43.9, 111.7), (45.0, 113.7), (46.5, 117.0), (46.9, 119.7)),
    *((47.9, 118.3), (47.9, 115.5), (50.0, 116.5), (50.2, 119.0), (51.9, 120.6)),
)


class Coordinates(StrEnum):
    """坐标系: in which system somebody gives a place."""

    WGS84 = "WGS-84"
    GCJ02 = "GCJ-02"
    BD09 = "BD-09"


def great_circle_metres(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """The distance on a sphere, by the haversine: exact to about 0.5 %, also for a few metres."""
    phi1, phi2 = radians(lat1), radians(lat2)
    half = sin((phi2 - phi1) / 2) ** 2 + cos(phi1) * cos(phi2) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_METRES * asin(min(1.0, sqrt(half)))


def to_wgs84(latitude: float, longitude: float, system: Coordinates) -> Place:
    """The place as a phone reports it. Outside China all three systems are the same."""
    place = latitude, longitude
    if system is Coordinates.WGS84 or not in_china(latitude, longitude):
        return place
    if system is Coordinates.BD09:
        place = _undo(_bd09_of_gcj02, place)
    return _undo(_gcj02_of_wgs84, place)


def from_wgs84(latitude: float, longitude: float, system: Coordinates) -> Place:
    """The place as a map of that system shows it."""
    place = latitude, longitude
    if system is Coordinates.WGS84 or not in_china(latitude, longitude):
        return place
    shifted = _gcj02_of_wgs84(place)
    return _bd09_of_gcj02(shifted) if system is Coordinates.BD09 else shifted


def in_china(latitude: float, longitude: float) -> bool:
    """Whether maps are shifted there; within some 30 km of a land border this is a guess."""
    inside = False
    for (lat1, lon1), (lat2, lon2) in zip(_CHINA, (*_CHINA[1:], _CHINA[0]), strict=True):
        crosses = (lat1 > latitude) != (lat2 > latitude)
        if crosses and longitude < lon1 + (latitude - lat1) / (lat2 - lat1) * (lon2 - lon1):
            inside = not inside
    return inside


def _undo(shift: Callable[[Place], Place], shifted: Place) -> Place:
    """The place that `shift` moves to `shifted`; a shift changes slowly, so a few corrections find it."""
    latitude, longitude = shifted
    for _ in range(_ROUNDS):
        back = shift((latitude, longitude))
        latitude, longitude = latitude + shifted[0] - back[0], longitude + shifted[1] - back[1]
    return latitude, longitude


def _gcj02_of_wgs84(place: Place) -> Place:
    latitude, longitude = place
    north, east = _sheet(longitude - 105, latitude - 35)
    curve = 1 - _ECCENTRICITY2 * sin(radians(latitude)) ** 2
    metres_north = _AXIS_METRES * (1 - _ECCENTRICITY2) / curve**1.5
    metres_east = _AXIS_METRES / sqrt(curve) * cos(radians(latitude))
    return latitude + north / metres_north * 180 / pi, longitude + east / metres_east * 180 / pi


def _sheet(x: float, y: float) -> Place:
    """How far a point is moved, in metres to the north and to the east."""
    root = sqrt(abs(x))
    ripple = 20 * sin(6 * pi * x) + 20 * sin(2 * pi * x)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    waves = 20 * sin(pi * y) + 40 * sin(pi * y / 3) + 160 * sin(pi * y / 12) + 320 * sin(pi * y / 30)
    north += (ripple + waves) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    waves = 20 * sin(pi * x) + 40 * sin(pi * x / 3) + 150 * sin(pi * x / 12) + 300 * sin(pi * x / 30)
    return north, east + (ripple + waves) * 2 / 3


def _bd09_of_gcj02(place: Place) -> Place:
    latitude, longitude = place
    radius = hypot(longitude, latitude) + 0.00002 * sin(latitude * _BAIDU_WAVE)
    angle = atan2(latitude, longitude) + 0.000003 * cos(longitude * _BAIDU_WAVE)
    return radius * sin(angle) + 0.006, radius * cos(angle) + 0.0065
