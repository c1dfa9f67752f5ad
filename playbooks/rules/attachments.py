"""What may hang on a message: how many, how long their texts are, and that their files are there."""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from domain.places import Place, steps_of
from domain.playbook import Attachment, Playbook, Way
from playbooks import pictures

MOST = 9  # the group's QR picture included (contract §4.1, §8.1)
LINK_TITLE, LINK_DESC, LINK_URL, MINIPROGRAM_TITLE, MOMENTS_TITLE = 128, 512, 2048, 64, 64  # bytes
PICTURES = (".jpg", ".jpeg", ".png")


def problems(book: Playbook, folder: Path) -> Iterator[tuple[Place, str]]:
    for at, attached, invites, in_moments in _all(book):
        if len(attached) + invites > MOST:
            yield at, f"{len(attached)} and the QR picture are more than the {MOST} that WeCom takes"
        yield from of_message(at, attached, folder, in_moments=in_moments)


def of_message(
    at: Place, attached: Sequence[Attachment], folder: Path, *, in_moments: bool
) -> Iterator[tuple[Place, str]]:
    """What hangs on one message; pictures are looked for in `folder`."""
    if in_moments:
        yield from _moments(at, attached)
    for number, attachment in enumerate(attached):
        yield from _one((*at, number), attachment, folder)


def _all(book: Playbook) -> Iterator[tuple[Place, Sequence[Attachment], bool, bool]]:
    """Every list of attachments: its place, whether a QR picture is added, whether Moments show it."""
    if welcome := book.welcome:
        yield ("welcome", "attachments"), welcome.attachments, welcome.invite_to_group, False
        for number, variant in enumerate(welcome.variants):
            at = ("welcome", "variants", number, "attachments")
            yield at, variant.attachments or (), welcome.invite_to_group, False
    for place, step in steps_of(book):
        if send := step.send:
            at = (*place, "send", "attachments")
            yield at, send.attachments, send.invite_to is not None, Way.MOMENTS in send.channel
            if send.missed:
                yield (*place, "send", "missed", "attachments"), send.missed.attachments, False, True


def _moments(at: Place, attached: Sequence[Attachment]) -> Iterator[tuple[Place, str]]:
    links = [n for n, a in enumerate(attached) if a.link]
    for number, attachment in enumerate(attached):
        if attachment.miniprogram:
            yield (*at, number, "miniprogram"), "Moments show no mini programs: use pictures or one link"
        elif attachment.link and not attachment.link.picture:
            yield (*at, number, "link", "picture"), "missing: Moments want a picture with a link"
        elif attachment.link and len(attachment.link.title.encode()) > MOMENTS_TITLE:
            yield (*at, number, "link", "title"), _too_long(attachment.link.title, MOMENTS_TITLE, "Moments")
    if links and len(attached) > 1:
        yield (*at, links[0]), "Moments show pictures or one link, not both: keep one kind"


def _one(at: Place, attachment: Attachment, folder: Path) -> Iterator[tuple[Place, str]]:
    if link := attachment.link:
        limits = {"title": LINK_TITLE, "desc": LINK_DESC, "url": LINK_URL, "picture": LINK_URL}
        for field, limit in limits.items():
            if len((getattr(link, field) or "").encode()) > limit:
                yield (*at, "link", field), _too_long(getattr(link, field), limit)
    for kind in ("picture", "miniprogram"):
        if getattr(getattr(attachment, kind), "digest", None):
            yield (*at, kind, "digest"), "it is written when the playbook is published: take it out"
    if program := attachment.miniprogram:
        if len(program.title.encode()) > MINIPROGRAM_TITLE:
            yield (*at, "miniprogram", "title"), _too_long(program.title, MINIPROGRAM_TITLE)
        yield from _file((*at, "miniprogram", "picture"), program.picture, folder)
    if attachment.picture:
        yield from _file((*at, "picture", "file"), attachment.picture.file, folder)


def _too_long(text: str, limit: int, who: str = "WeCom") -> str:
    return f"{len(text.encode())} bytes, {who} takes {limit} (a Chinese character has 3): shorten it"


def _file(at: Place, name: str, folder: Path) -> Iterator[tuple[Place, str]]:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        yield at, f"{name!r} is not beside this file: put the file there and give its name only"
    elif path.suffix.lower() not in PICTURES:
        yield at, f"{name!r} is no picture: {', '.join(PICTURES)}"
    elif not (folder / name).is_file():
        yield at, f"there is no file {name!r} beside this file"
    elif wrong := pictures.problem(folder / name):
        yield at, wrong
