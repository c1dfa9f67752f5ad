"""Persona files: where they are, and reading them as strictly as playbooks."""

from pathlib import Path

from playbooks.loader import PlaybookError, read_as
from playbooks.source import suggest
from settings import ROOT
from starter.preview.persona import Persona

FOLDER = "personas"
SHIPPED = ROOT / "playbooks" / FOLDER
EVERYDAY = "newcomer"  # who comes when nobody else is named


def load_persona(path: Path) -> Persona:
    """One file. Raises PlaybookError with file, line and field of every problem."""
    written = read_as(path, Persona)
    persona = written.model
    if persona.persona != path.stem:
        text = f"the file is called {path.stem!r}: both names have to be one"
        raise PlaybookError(written.source.problem(("persona",), text))
    return persona


def find_persona(name: str, playbooks: Path) -> Persona:
    """A persona of a folder of playbooks, or one that is shipped. Raises PlaybookError."""
    folders = [playbooks / FOLDER, SHIPPED]
    for folder in folders:
        if (path := folder / f"{name}.yaml").is_file():
            return load_persona(path)
    known = sorted({path.stem for folder in folders for path in folder.glob("*.yaml")})
    raise PlaybookError(
        f"there is no persona {name!r}{suggest(name, known)}; there is: {', '.join(known)}. "
        "For a file of your own give --customer FILE"
    )


def shipped_personas() -> list[Persona]:
    """By name."""
    return [load_persona(path) for path in sorted(SHIPPED.glob("*.yaml"))]
