"""What an analysis has to say."""

from dataclasses import dataclass
from enum import StrEnum

from domain.places import Place


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"  # something can never do what its author wants
    WARNING = "warning"  # probably not meant
    NOTE = "note"  # good to know


@dataclass(frozen=True)
class Finding:
    """One remark about one place of a file."""

    at: Place
    severity: Severity
    rule: str
    text: str


def error(at: Place, rule: str, text: str) -> Finding:
    return Finding(at, Severity.ERROR, rule, text)


def warning(at: Place, rule: str, text: str) -> Finding:
    return Finding(at, Severity.WARNING, rule, text)


def note(at: Place, rule: str, text: str) -> Finding:
    return Finding(at, Severity.NOTE, rule, text)
