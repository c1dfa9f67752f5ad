"""A playbook as a file again, as an author would write it."""

import io
from datetime import time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from domain.playbook import Playbook
from domain.shape import spell


def as_yaml(playbook: Playbook) -> str:
    """The loader reads it as the same playbook."""
    yaml, out = YAML(), io.StringIO()
    yaml.width = 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(_plain(playbook.model_dump(mode="python")), out)
    return out.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, timedelta):
        return spell(value)
    if isinstance(value, time):
        return DoubleQuotedScalarString(f"{value:%H:%M}")
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral() else float(value)
    if isinstance(value, str) and "\n" in value:
        return LiteralScalarString(value)
    return value
