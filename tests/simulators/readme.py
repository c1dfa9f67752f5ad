"""The tables of simulators/README.md, made from the code. Anew: python -m tests.simulators.readme"""

import ast
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from settings import ROOT
from simulators.app import create_app
from simulators.config import SimulatorConfig
from simulators.from_settings import standalone_config
from simulators.population.plan import Plan

README = ROOT / "simulators" / "README.md"
CONFIG = ROOT / "simulators" / "config.py"


def generated() -> dict[str, str]:
    """Name of a place in the README → what stands there."""
    paths = create_app(standalone_config()).openapi()["paths"]
    return {
        "api": _by_family(paths, "/cgi-bin/"),
        "control": _by_family(paths, "/_control/"),
        "till": _by_family(paths, "/pos/"),
        "settings": _settings(),
        "population": _population(),
    }


def written(text: str) -> str:
    """The README with its tables as they should be."""
    for name, table in generated().items():
        begin, end = f"<!-- {name}: made by tests/simulators/readme.py -->\n", f"<!-- end of {name} -->"
        assert text.count(begin) == text.count(end) == 1, f"the README has no place for {name}"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{table}{end}{rest.partition(end)[2]}"
    return text


def _by_family(paths: dict[str, Any], prefix: str) -> str:
    """One row for each first part of the path; without a method it is POST."""
    families: dict[str, list[str]] = {}
    for path, item in paths.items():
        if path.startswith(prefix):
            family, _, rest = path.removeprefix(prefix).rpartition("/")
            methods = sorted(method.upper() for method in item)
            shown = "" if methods == ["POST"] else f"{' '.join(methods)} "
            families.setdefault(family, []).append(f"{shown}`{rest}`")
    rows = [
        f"| {f'`{family}/`' if family else '–'} | {' · '.join(ones)} |\n" for family, ones in families.items()
    ]
    return f"| under `{prefix}` | endpoints |\n|---|---|\n{''.join(rows)}"


def _settings() -> str:
    """The comments of config.py are its documentation."""
    source = CONFIG.read_text(encoding="utf-8")
    lines = source.splitlines()
    tree = ast.parse(source)
    (model,) = [node for node in tree.body if getattr(node, "name", "") == "SimulatorConfig"]
    assert isinstance(model, ast.ClassDef)
    rows: list[str] = []
    title = "The corp and its apps"
    for node in model.body:
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            continue
        above = lines[node.lineno - 2].strip()
        if above.startswith("# ") or not rows:
            title = above.removeprefix("# ") if above.startswith("# ") else title
            rows.append(f"| **{_cell(title)}** | | |\n")
        comment = lines[(node.end_lineno or node.lineno) - 1].partition("  # ")[2]
        default = _default(SimulatorConfig.model_fields[node.target.id])
        rows.append(f"| `{node.target.id}` | {default} | {_cell(comment)} |\n")
    return f"| setting | default | meaning |\n|---|---|---|\n{''.join(rows)}"


def _population() -> str:
    rows = [
        f"| `{name}` | {_default(field)} | {_cell(field.description or '')} |\n"
        for name, field in Plan.model_fields.items()
    ]
    return f"| field | default | meaning |\n|---|---|---|\n{''.join(rows)}"


def _default(field: FieldInfo) -> str:
    return "required" if field.default is PydanticUndefined else f"`{_cell(repr(field.default))}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    Path(README).write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
