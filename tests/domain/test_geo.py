"""Distances, and the shifted coordinates of Chinese maps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.geo import Coordinates, Place, from_wgs84, great_circle_metres, in_china, to_wgs84

CITIES = {
    "北京": (39.90, 116.40),
    "上海": (31.23, 121.47),
    "香港": (22.30, 114.17),
    "澳门": (22.19, 113.54),
    "三亚": (18.25, 109.50),
    "喀什": (39.47, 75.99),
    "漠河": (52.97, 122.54),
    "抚远": (48.36, 134.29),
    "威海": (37.51, 122.12),
    "拉萨": (29.65, 91.10),
    "瑞丽": (24.01, 97.85),
    "丹东": (40.12, 124.38),
}
ABROAD = {
    "Seoul": (37.57, 126.98),
    "Tokyo": (35.68, 139.70),
    "Hanoi": (21.03, 105.85),
    "Taipei": (25.03, 121.56),
    "Singapore": (1.35, 103.82),
    "Ulaanbaatar": (47.90, 106.90),
    "Kathmandu": (27.70, 85.32),
    "Almaty": (43.24, 76.90),
    "Sydney": (-33.87, 151.21),
    "London": (51.51, -0.13),
}
SYSTEMS = st.sampled_from(Coordinates)
LATITUDES, LONGITUDES = st.floats(-90, 90), st.floats(-180, 180)
ANYWHERE = st.tuples(LATITUDES, LONGITUDES)
INLAND = st.one_of(
    st.tuples(st.floats(30, 41), st.floats(97, 116)),
    st.tuples(st.floats(25, 38), st.floats(105, 117)),
    st.tuples(st.floats(31, 42), st.floats(82, 96)),
    st.tuples(st.floats(44, 48), st.floats(122, 130)),
)


@pytest.mark.parametrize(
    ("wgs84", "system", "shown", "within"),
    [
        ((31.1774276, 121.5272106), Coordinates.GCJ02, (31.17530398, 121.53154186), 0.01),
        ((22.543847, 113.912316), Coordinates.GCJ02, (22.54079613, 113.91717648), 0.01),
        ((39.911954, 116.377817), Coordinates.GCJ02, (39.91334546, 116.38404722), 0.01),
        ((29.19613161, 120.00877901), Coordinates.BD09, (29.199786, 120.019809), 15),
    ],
)
def test_known_places(wgs84: Place, system: Coordinates, shown: Place, within: float) -> None:
    """Published pairs; that of BD-09 was measured with an error of some metres."""
    assert great_circle_metres(*from_wgs84(*wgs84, system), *shown) < within
    assert great_circle_metres(*to_wgs84(*shown, system), *wgs84) < within


@given(INLAND, SYSTEMS)
def test_there_and_back_is_the_same_place(place: Place, system: Coordinates) -> None:
    assert great_circle_metres(*to_wgs84(*from_wgs84(*place, system), system), *place) < 0.01
    assert great_circle_metres(*from_wgs84(*to_wgs84(*place, system), system), *place) < 0.01


@given(INLAND)
def test_a_map_of_china_is_off_by_some_hundred_metres(place: Place) -> None:
    assert 10 < great_circle_metres(*from_wgs84(*place, Coordinates.GCJ02), *place) < 1000
    assert 10 < great_circle_metres(*from_wgs84(*place, Coordinates.BD09), *place) < 2500


@pytest.mark.parametrize("city", CITIES)
def test_cities_of_china_are_shifted(city: str) -> None:
    assert in_china(*CITIES[city])


@pytest.mark.parametrize("city", ABROAD)
@pytest.mark.parametrize("system", Coordinates)
def test_places_abroad_are_not(city: str, system: Coordinates) -> None:
    place = ABROAD[city]
    assert to_wgs84(*place, system) == from_wgs84(*place, system) == place


@given(ANYWHERE)
def test_wgs84_is_never_changed(place: Place) -> None:
    assert to_wgs84(*place, Coordinates.WGS84) == from_wgs84(*place, Coordinates.WGS84) == place


@given(ANYWHERE, ANYWHERE)
def test_a_distance_is_the_same_both_ways_and_at_most_half_around(a: Place, b: Place) -> None:
    there, back = great_circle_metres(*a, *b), great_circle_metres(*b, *a)
    assert there == pytest.approx(back)
    assert 0 <= there <= 20_016_000
    assert great_circle_metres(*a, *a) == 0


@given(ANYWHERE, ANYWHERE, ANYWHERE)
def test_a_detour_is_never_shorter(a: Place, b: Place, c: Place) -> None:
    assert great_circle_metres(*a, *c) <= great_circle_metres(*a, *b) + great_circle_metres(*b, *c) + 0.01


def test_known_distances() -> None:
    assert great_circle_metres(0, 0, 1, 0) == pytest.approx(111_195, abs=1)
    assert great_circle_metres(0, 0, 0, 1) == pytest.approx(111_195, abs=1)
    assert great_circle_metres(60, 10, 60, 11) == pytest.approx(55_597, rel=0.001)
    assert great_circle_metres(0, 179.5, 0, -179.5) == pytest.approx(111_195, abs=1)
    assert great_circle_metres(*CITIES["北京"], *CITIES["上海"]) == pytest.approx(1_067_000, rel=0.005)
