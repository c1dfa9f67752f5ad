"""Nearest first, by the great circle; and a box that leaves nobody out."""

from hypothesis import given
from hypothesis import strategies as st

from domain.geo import great_circle_metres
from domain.nearby import HALFWAY_ROUND_METRES, box, nearest

PLACES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
NEAR = st.tuples(st.floats(-2, 2), st.floats(-2, 2))


def test_at_40_degrees_north_the_nearest_is_not_the_one_with_the_fewest_degrees() -> None:
    """Planar degrees over-state east and west there by 1.31 (peer-failures, acceptance check 18)."""
    here = (40.0, 116.30)
    east, north, far = (40.0, 116.35), (40.045, 116.30), (39.0, 116.30)
    found = nearest(here, [("far", far), ("north", north), ("east", east)])
    assert [name for _, name in found] == ["east", "north", "far"]
    assert [round(metres / 1000, 1) for metres, _ in found] == [4.3, 5.0, 111.2]


def test_equally_far_places_keep_their_order() -> None:
    assert [k for _, k in nearest((0, 0), [("b", (0, 1)), ("a", (0, -1))])] == ["b", "a"]


@given(PLACES, st.lists(PLACES, max_size=8))
def test_distances_never_fall(here: tuple[float, float], places: list[tuple[float, float]]) -> None:
    found = nearest(here, [(p, p) for p in places])
    assert [m for m, _ in found] == sorted(great_circle_metres(*here, *p) for p in places)


@given(PLACES, st.one_of(PLACES, NEAR), st.floats(1, HALFWAY_ROUND_METRES))
def test_whatever_is_within_reach_is_in_the_box(
    here: tuple[float, float], there: tuple[float, float], metres: float
) -> None:
    south, north, west, east = box(here, metres)
    for latitude, longitude in (there, (here[0] + there[0] / 45, here[1] + there[1] / 90)):
        on_earth = abs(latitude) <= 90 and abs(longitude) <= 180
        if on_earth and great_circle_metres(*here, latitude, longitude) < metres * 0.999999:
            assert south <= latitude <= north
            assert west <= longitude <= east


def test_a_small_box_is_small() -> None:
    south, north, west, east = box((40.0, 116.3), 10_000)
    assert 0.17 < north - south < 0.19
    assert 0.22 < east - west < 0.25


def test_round_a_pole_and_the_date_line_all_longitudes_are_near() -> None:
    assert box((89.99, 0), 10_000)[2:] == (-180, 180)
    assert box((0, 179.99), 10_000)[2:] == (-180, 180)
