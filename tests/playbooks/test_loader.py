"""Playbook files: what is shipped loads, and whatever is wrong is said with file, line and field."""

from pathlib import Path

import pytest

from playbooks.loader import PlaybookError, load_playbook, load_playbooks, load_policy, playbook_files
from settings import ROOT
from tests.playbooks.files import GOOD, LINES, problems_of, write

SHIPPED = [ROOT / "playbooks", ROOT / "playbooks" / "demo"]

# What is added to a good file, the line (counted from there) and how the one problem begins.
BROKEN = {
    "typo in a field": ("nurtrue: []", 1, "nurtrue: no such field; did you mean 'nurture'?"),
    "typo in a step": ("nurture:\n  - wiat: 3d", 2, "nurture.0.wiat: no such field; did you mean 'wait'?"),
    "nothing like a field": ("zzzzzz: 1", 1, "zzzzzz: no such field"),
    "two kinds in one step": (
        "nurture:\n  - wait: 3d\n  - {wait: 3d, exit: bye}",
        3,
        "nurture.1: a step is exactly one of send | wait | wait_for | branch | split | tag | coupon",
    ),
    "no kind in a step": ("nurture:\n  - {}", 2, "nurture.0: a step is exactly one of"),
    "a step without a value": ("nurture:\n  - wait:", 2, "nurture.0.wait: has no value"),
    "a step that is a word": ("nurture:\n  - wait", 2, "nurture.0: fields are expected here"),
    "steps that are no list": ("nurture: soon", 1, "nurture: a list is expected"),
    "duration without a unit": (
        "nurture:\n  - wait: 3",
        2,
        "nurture.0.wait: a duration is a number with a unit",
    ),
    "duration in words": (
        "nurture:\n  - wait: 3 days",
        2,
        "nurture.0.wait: a duration is a number with a unit",
    ),
    "negative duration": ("nurture:\n  - wait: -3d", 2, "nurture.0.wait: a duration is a number with a unit"),
    "endless duration": (
        "nurture:\n  - wait: 9999w",
        2,
        "nurture.0.wait: a duration lies between 0s and 3650d",
    ),
    "unknown event": (
        "nurture:\n  - wait_for:\n      event: full_moon\n      timeout: 3d",
        3,
        "nurture.0.wait_for.event: 'full_moon' is not known; one of: order_paid",
    ),
    "an event that cannot be awaited": (
        "nurture:\n  - wait_for: {event: friend_left, timeout: 3d}",
        2,
        "nurture.0.wait_for.event: 'friend_left' is not known; did you mean 'friend_added'?",
    ),
    "a wait without its timeout": (
        "nurture:\n  - wait_for: {event: order_paid}",
        2,
        "nurture.0.wait_for.timeout: missing: add it",
    ),
    "unknown variable": (
        "nurture:\n  - send:\n      text: to {{ shop.name }}",
        3,
        "nurture.0.send.text: 'shop.name' is not known here; did you mean 'store.name'?",
    ),
    "unknown part of a variable": (
        "nurture:\n  - send: {text: '{{ store.nmae }}'}",
        2,
        "nurture.0.send.text: 'store.nmae' is not known here; did you mean 'store.name'?",
    ),
    "customer variable in a batch": (
        "nurture:\n  - send: {text: '{{ customer.nickname }}'}",
        2,
        "nurture.0.send.text: 'customer.nickname' is not known here: only a greeting",
    ),
    "customer variable in a hidden branch": (
        "nurture:\n  - send: {text: 'hi {% if store.name == \"x\" %}{{ customer.nickname }}{% endif %}'}",
        2,
        "nurture.0.send.text: 'customer.nickname' is not known here: only a greeting",
    ),
    "customer variable deep in a branch": (
        "nurture:\n  - wait_for:\n      event: order_paid\n      timeout: 1d\n      otherwise:\n"
        "        - exit: bye\n        - send: {text: '{{ customer.nickname }}'}",
        7,
        "nurture.0.wait_for.otherwise.1.send.text: 'customer.nickname' is not known here: only a greeting",
    ),
    "customer variable in the reminder": (
        "join_reminder:\n  after: 2d\n  text: '{{ customer.nickname }}'",
        3,
        "join_reminder.text: 'customer.nickname' is not known here: only a greeting",
    ),
    "a customer's form in a batch": (
        "nurture:\n  - send: {text: '{{ forms.birthday }}'}",
        2,
        "nurture.0.send.text: 'forms.birthday' is not known here: only a greeting",
    ),
    "a customer's form in the reminder": (
        "join_reminder:\n  after: 2d\n  text: '{{ forms.feedback }}'",
        3,
        "join_reminder.text: 'forms.feedback' is not known here: only a greeting",
    ),
    "a form of another event": (
        "nurture:\n  - wait_for: {event: order_paid, form: birthday, timeout: 3d}",
        2,
        "nurture.0.wait_for.form: only form_answered has a form",
    ),
    "an unknown form": (
        "nurture:\n  - wait_for: {event: form_answered, form: shoe_size, timeout: 3d}",
        2,
        "nurture.0.wait_for.form: 'shoe_size' is not known; one of: birthday, due_date",
    ),
    "unfinished variable": (
        "nurture:\n  - send: {text: '{{ store.name'}",
        2,
        "nurture.0.send.text: a `{{` has no `}}`",
    ),
    "unknown filter": (
        "nurture:\n  - send: {text: '{{ store.name | shout }}'}",
        2,
        "nurture.0.send.text: unknown filter 'shout'",
    ),
    "too long a text": (
        f"nurture:\n  - send: {{text: {'惠' * 1334}}}",
        2,
        "nurture.0.send.text: may become 4002 bytes, WeCom takes 4000: shorten it",
    ),
    "too long with its variables": (
        f"nurture:\n  - send: {{text: '{'惠' * 1320}{{{{ store.name }}}}'}}",
        2,
        "nurture.0.send.text: may become",
    ),
    "empty text": ("nurture:\n  - send: {text: ''}", 2, "nurture.0.send.text: is empty"),
    "blank text": ("nurture:\n  - send: {text: '  '}", 2, "nurture.0.send.text: says nothing"),
    "priority out of range": (
        "nurture:\n  - send: {text: hi, priority: 101}",
        2,
        "nurture.0.send.priority: at most 100",
    ),
    "coupon without a name": (
        "nurture:\n  - coupon: {template: T}",
        2,
        "nurture.0.coupon.name: missing: add it",
    ),
    "reactivation without steps": (
        "reactivation:\n  dormant_after: 45d\n  steps: []",
        3,
        "reactivation.steps: is empty: give at least one",
    ),
    "dormant at once": (
        "reactivation:\n  dormant_after: 0s\n  steps: [{exit: bye}]",
        2,
        "reactivation.dormant_after: 0s would mean without end",
    ),
    "unknown re-entry rule": (
        "reentry: sometimes",
        1,
        "reentry: 'sometimes' is not known; one of: never, new_episode, always",
    ),
    "unknown link": (
        "link: carrier_pigeon",
        1,
        "link: 'carrier_pigeon' is not known; one of: friend_only, group_only",
    ),
    "the same key twice": ("title: again", 1, "title: not YAML: this field is given twice"),
    "not YAML": ("nurture: [", 1, "the file: not YAML: a [ or { is not closed"),
    "a tab": ("nurture:\n\t- wait: 3d", 2, "the file: not YAML: there is a tab"),
}


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda f: f.name)
def test_every_shipped_file_loads(folder: Path) -> None:
    names = [book.playbook for book in load_playbooks(folder)]
    assert len(names) == len(playbook_files(folder))
    assert load_policy(folder).default_playbook in names


@pytest.mark.parametrize(("added", "line", "problem"), BROKEN.values(), ids=list(BROKEN))
def test_what_is_wrong_is_said_with_line_and_field(
    tmp_path: Path, added: str, line: int, problem: str
) -> None:
    found = problems_of(write(tmp_path, f"{GOOD}{added}\n"))
    assert len(found) == 1
    assert found[0].startswith(f"{LINES + line}: {problem}")


def test_a_good_file_loads(tmp_path: Path) -> None:
    assert load_playbook(write(tmp_path, GOOD)).playbook == "coffee"


def test_all_problems_of_a_file_are_said_at_once(tmp_path: Path) -> None:
    added = "nurtrue: []\nnurture:\n  - wiat: 3d\n  - wait: 3\n"
    found = problems_of(write(tmp_path, GOOD.replace("title: Coffee", "title: [no]") + added))
    fields = [p.split(": ")[1] for p in found]
    assert {"title", "nurtrue", "nurture.0.wiat", "nurture.1.wait"} <= set(fields)


def test_all_texts_of_a_file_are_checked_at_once(tmp_path: Path) -> None:
    bad = "'{{ customer.nickname }}'"
    added = f"nurture:\n  - send: {{text: {bad}}}\njoin_reminder: {{after: 1d, text: {bad}}}\n"
    assert len(problems_of(write(tmp_path, GOOD + added))) == 2


def test_a_benefit_that_is_not_given_cannot_be_named(tmp_path: Path) -> None:
    (found,) = problems_of(write(tmp_path, GOOD.replace("  benefit: 5 off\n", "")))
    assert found == "4: welcome.text: `welcome` has no `benefit` to put in"


@pytest.mark.parametrize("name", ["Coffee", "coffee shop", "-coffee", "c", "c" * 40, "咖啡"])
def test_a_name_is_short_and_plain(tmp_path: Path, name: str) -> None:
    (found,) = problems_of(write(tmp_path, GOOD.replace("coffee", name)))
    assert found.startswith("1: playbook: only 2 to 39 lower-case letters, digits and hyphens")


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    found = problems_of(write(tmp_path, "playbook: coffee"))
    assert found == ["1: title: missing: add it"]


@pytest.mark.parametrize("text", ["", "# nothing yet", "coffee", "- wait: 3d", "42"])
def test_a_file_that_is_no_mapping_is_told_what_is_expected(tmp_path: Path, text: str) -> None:
    (found,) = problems_of(write(tmp_path, text))
    assert found.startswith("1: the file: a mapping is expected, with fields such as playbook, title")


@pytest.mark.parametrize("text", ["a: 1\n---\nb: 2", "a: *nobody", "a: \x07", "{" * 50])
def test_broken_yaml_is_one_problem_with_a_line(tmp_path: Path, text: str) -> None:
    found = problems_of(write(tmp_path, text))
    assert found[0].split(":")[0].isdigit()
    assert "not YAML" in found[0]


def test_bytes_that_are_no_text_are_one_problem(tmp_path: Path) -> None:
    path = tmp_path / "coffee.yaml"
    path.write_bytes(b"title: \xff\xfe")
    with pytest.raises(PlaybookError, match="cannot be read"):
        load_playbook(path)


def test_a_file_that_is_not_there_is_one_problem(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match="cannot be read"):
        load_playbook(tmp_path / "coffee.yaml")


def test_an_empty_folder_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, "default_playbook: coffee", "policy.yaml")
    with pytest.raises(PlaybookError, match=r"no playbook here \(\*\.yaml\)"):
        load_playbooks(tmp_path)


def test_two_files_cannot_have_one_name(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "a.yaml")
    write(tmp_path, GOOD, "b.yaml")
    with pytest.raises(PlaybookError, match=r"b\.yaml:1: playbook: two files call themselves 'coffee'"):
        load_playbooks(tmp_path)


def test_the_problems_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    write(tmp_path, GOOD + "link: x", "a.yaml")
    write(tmp_path, GOOD + "reentry: x", "b.yaml")
    with pytest.raises(PlaybookError) as caught:
        load_playbooks(tmp_path)
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        str(tmp_path / "a.yaml"),
        str(tmp_path / "b.yaml"),
    ]


def test_files_are_loaded_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("tea", "coffee"):
        write(tmp_path, GOOD.replace("playbook: coffee", f"playbook: {name}"), f"{name}.yaml")
    assert [b.playbook for b in load_playbooks(tmp_path)] == ["coffee", "tea"]


def test_what_is_published_keeps_its_shape(tmp_path: Path) -> None:
    playbook = load_playbook(ROOT / "playbooks" / "coffee-welcome.yaml")
    assert type(playbook).model_validate(playbook.model_dump(mode="json")) == playbook
    assert playbook.journey.benefit == playbook.benefit


def test_the_mark_that_some_editors_put_in_front_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "coffee.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.strip().encode())
    assert load_playbook(path).playbook == "coffee"


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16"])
def test_a_file_in_another_encoding_is_told_to_be_saved_anew(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "coffee.yaml"
    path.write_bytes(GOOD.strip().replace("Coffee", "咖啡店").encode(encoding))
    with pytest.raises(
        PlaybookError, match=r"coffee\.yaml:\d: the file: cannot be read: .* save it as UTF-8"
    ):
        load_playbook(path)


def test_pictures_are_looked_for_beside_the_playbook(tmp_path: Path) -> None:
    added = "nurture:\n  - send: {text: 新品, attachments: [{picture: {file: menu.png}}]}\n"
    path = write(tmp_path, GOOD + added)
    (tmp_path / "menu.png").write_bytes(b"no picture")
    (found,) = problems_of(path)
    assert found.startswith(
        f"{LINES + 2}: nurture.0.send.attachments.0.picture.file: 'menu.png' holds no PNG"
    )
    (tmp_path / "menu.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 60)
    assert load_playbook(path).nurture[0].send


def test_what_is_written_at_publishing_is_not_written_by_hand(tmp_path: Path) -> None:
    (tmp_path / "menu.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 60)
    added = "nurture:\n  - send: {text: 新品, attachments: [{picture: {file: menu.png, digest: abc}}]}\n"
    (found,) = problems_of(write(tmp_path, GOOD + added))
    assert "picture.digest: it is written when the playbook is published" in found
