"""Uploaded files beside the snapshot: each is written once, under the name of its content."""

import hashlib
from pathlib import Path


class LostBlob(Exception):
    """A file that the snapshot names is gone or has changed; the text is its path."""


class Blobs:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # By identity, so that an unchanged file is hashed once; the reference keeps the identity its own.
        self._known: dict[int, tuple[bytes, str]] = {}
        self._used: set[str] = set()

    def put(self, content: bytes) -> str:
        known = self._known.get(id(content))
        if known is None:
            known = self._known[id(content)] = content, hashlib.sha256(content).hexdigest()
            self._store(content, known[1])
        self._used.add(known[1])
        return known[1]

    def get(self, name: str) -> bytes:
        path = self.folder / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise LostBlob(path) from error
        if hashlib.sha256(content).hexdigest() != name:
            raise LostBlob(path)
        self._known[id(content)] = content, name
        return content

    def sweep(self) -> None:
        """Once the new snapshot is in place: what it does not use is removed."""
        used, self._used = self._used, set()
        self._known = {key: known for key, known in self._known.items() if known[1] in used}
        if self.folder.exists():
            for path in self.folder.iterdir():
                if path.name not in used:
                    path.unlink()

    def _store(self, content: bytes, name: str) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / name
        if not path.exists():
            beside = path.with_suffix(".new")
            beside.write_bytes(content)
            beside.replace(path)
