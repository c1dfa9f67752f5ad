"""policy.yaml: every limit of the corp, refused with line and field where it makes no sense."""

from datetime import time, timedelta
from pathlib import Path

import pytest

from playbooks.loader import PlaybookError, load_policy
from tests.playbooks.files import write

GOOD = "default_playbook: coffee\n"
BROKEN = {
    "typo": ("windwo: 30m", "2: windwo: no such field; did you mean 'window'?"),
    "typo inside": ("frequency: {mots: 1}", "2: frequency.mots: no such field; did you mean 'most'?"),
    "no playbook": ("", "1: default_playbook: Field required"),
    "no window": ("window: 0s", "2: window: 0s would mean without end"),
    "no poll rhythm": ("staff_task: {poll_every: 0s}", "2: staff_task.poll_every: 0s would mean without end"),
    "no sweep rhythm": ("sweep_every: 0m", "2: sweep_every: 0s would mean without end"),
    "no frequency": ("frequency: {most: 0}", "2: frequency.most: Input should be greater than or equal to 1"),
    "bare duration": (
        "frequency:\n  most: 1\n  per: 36",
        "4: frequency.per: a duration is a number with a unit",
    ),
    "hour without minutes": (
        "quiet_hours: {start: 22, end: '08:30'}",
        '2: quiet_hours.start: a time of day is "hh:mm", in quotes',
    ),
    "a time with a zone": (
        "quiet_hours: {start: '21:30', end: '08:30Z'}",
        "2: quiet_hours.end: a local time has no zone",
    ),
    "only half of the night": ("quiet_hours: {start: '21:30'}", "2: quiet_hours.end: Field required"),
    "the same key twice": ("window: 1m\nwindow: 2m", "3: not YAML: found duplicate key"),
}


@pytest.mark.parametrize(("added", "problem"), BROKEN.values(), ids=list(BROKEN))
def test_what_is_wrong_is_said_with_line_and_field(tmp_path: Path, added: str, problem: str) -> None:
    path = write(tmp_path, GOOD + added if added else "window: 30m", "policy.yaml")
    with pytest.raises(PlaybookError) as caught:
        load_policy(tmp_path)
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).startswith(f"{path}:{problem}")


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    write(tmp_path, "window: 0s\nsweep_every: x\nfoo: 1", "policy.yaml")
    with pytest.raises(PlaybookError) as caught:
        load_policy(tmp_path)
    assert len(str(caught.value).splitlines()) == 4


def test_a_missing_policy_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match=r"policy\.yaml: cannot be read"):
        load_policy(tmp_path)


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "policy.yaml")
    policy = load_policy(tmp_path)
    assert (policy.window, policy.frequency.most, policy.quiet_hours) == (timedelta(minutes=30), 1, None)


def test_times_of_day_are_read_as_written(tmp_path: Path) -> None:
    write(tmp_path, GOOD + "quiet_hours: {start: 21:30, end: 08:30}", "policy.yaml")
    quiet = load_policy(tmp_path).quiet_hours
    assert quiet is not None
    assert (quiet.start, quiet.end) == (time(21, 30), time(8, 30))
