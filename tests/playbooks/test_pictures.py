"""The pictures beside a playbook are published with it, by content."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from domain.playbook import Playbook
from playbooks import pictures
from playbooks.pictures import with_pictures

PNG = b"\x89PNG\r\n\x1a\n" + b"one"
JPEG = b"\xff\xd8\xff\xe0" + b"two"


def book(*attachments: dict[str, Any], step: dict[str, Any] | None = None) -> Playbook:
    send = {"send": {"text": "看", "attachments": [step]}} if step else {"wait": "1d"}
    branch = {"branch": [{"steps": [send]}]}
    welcome = {"text": "您好", "attachments": list(attachments)}
    return Playbook.model_validate(
        {"playbook": "small", "title": "小", "welcome": welcome, "nurture": [branch]}
    )


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_every_picture_has_its_digest_wherever_it_stands(tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(PNG)
    (tmp_path / "two.jpg").write_bytes(JPEG)
    program = {"title": "点单", "appid": "wx1", "page": "p", "picture": "one.png"}
    playbook, found = with_pictures(
        book(
            {"picture": {"file": "one.png"}}, {"miniprogram": program}, step={"picture": {"file": "two.jpg"}}
        ),
        tmp_path,
    )
    kinds = {p.digest: p.content_type for p in found}
    assert kinds == {digest(PNG): "image/png", digest(JPEG): "image/jpeg"}
    assert len(found) == 2
    assert playbook.welcome
    first, second = playbook.welcome.attachments
    assert first.picture
    assert second.miniprogram
    assert first.picture.digest == second.miniprogram.digest == digest(PNG)
    [branch] = playbook.nurture
    assert branch.branch
    sent = branch.branch[0].steps[0].send
    assert sent
    assert sent.attachments[0].picture
    assert sent.attachments[0].picture.digest == digest(JPEG)


def test_another_content_under_the_same_name_is_another_version(tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(PNG)
    before, _ = with_pictures(book({"picture": {"file": "one.png"}}), tmp_path)
    assert with_pictures(book({"picture": {"file": "one.png"}}), tmp_path)[0] == before
    (tmp_path / "one.png").write_bytes(PNG + b"!")
    assert with_pictures(book({"picture": {"file": "one.png"}}), tmp_path)[0] != before


def test_a_playbook_without_pictures_is_published_as_it_is(tmp_path: Path) -> None:
    link = {
        "link": {"title": "菜单", "url": "https://j.example.com", "picture": "https://j.example.com/a.png"}
    }
    assert with_pictures(book(link), tmp_path) == (book(link), [])


def test_what_is_no_picture_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"GIF89a......")
    assert "holds no PNG or JPEG" in (pictures.problem(path) or "")
    path.write_bytes(PNG)
    assert pictures.problem(path) is None
    monkeypatch.setattr(pictures, "MOST_BYTES", len(PNG) - 1)
    assert "make it smaller" in (pictures.problem(path) or "")
    with pytest.raises(ValueError, match="make it smaller"):
        with_pictures(book({"picture": {"file": "a.png"}}), tmp_path)
    with pytest.raises(ValueError, match="cannot be read"):
        with_pictures(book({"picture": {"file": "gone.png"}}), tmp_path)
