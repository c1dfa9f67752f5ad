"""What a file that has the right shape may still get wrong. Each rule yields places and what to do there."""

from collections.abc import Iterator
from pathlib import Path

from domain.places import Place
from domain.playbook import Playbook
from playbooks.rules import attachments, links, names, sends, stages, texts

Problem = tuple[Place, str]


def problems(book: Playbook, folder: Path) -> Iterator[Problem]:
    """Everything that can be said of one file by itself; pictures are looked for in `folder`."""
    yield from links.problems(book)
    yield from names.problems(book)
    yield from sends.problems(book)
    yield from attachments.problems(book, folder)
    yield from stages.problems(book)
    yield from texts.problems(book)
