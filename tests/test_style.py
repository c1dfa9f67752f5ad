"""The house rules, read from the syntax trees and the definitions. Every failure says what to do."""

import ast
import inspect
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel
from temporalio import activity, workflow
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from activities.composition import Activities
from domain import customer, events, messages, touches
from settings import ROOT
from worker import JOURNEY_WORKFLOWS
from workflows.plugin import PASSED_THROUGH, plugin
from workflows.welcome import Welcome

PRODUCT = (
    *("domain", "integrations", "storage", "activities", "workflows", "playbooks"),
    *("gateway", "simulators", "starter"),
)
WORKFLOWS: list[type] = [*JOURNEY_WORKFLOWS, Welcome]
LONGEST_FILE, WORTH_A_LOOK, LONGEST_FUNCTION = 300, 200, 45
# settings.py is the one reader; the simulated world has real time of its own, which its buttons can move.
READERS = {"settings.py", "simulators/clock.py"}
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}


def _files(*folders: str) -> list[Path]:
    """The product's own modules; migrations are written once and stay as they are."""
    found = [p for f in folders for p in sorted((ROOT / f).rglob("*.py")) if "versions" not in p.parts]
    return found if folders != PRODUCT else [*found, ROOT / "settings.py", ROOT / "worker.py"]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _at(path: Path, node: ast.AST | None = None) -> str:
    name = path.relative_to(ROOT).as_posix()
    return f"{name}:{node.lineno}" if isinstance(node, ast.stmt | ast.expr) else name


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _none(problems: list[str], what_to_do: str) -> None:
    assert not problems, f"{what_to_do}\n  " + "\n  ".join(problems)


# ---- workflows


def test_durations_of_workflows_stand_in_options() -> None:
    calls = [
        _at(path, node)
        for path in _files("workflows")
        if path.name != "options.py"
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call) and _dotted(node.func).endswith("timedelta")
    ]
    _none(calls, "Give the duration a name and a reason in workflows/options.py:")


def test_signal_handlers_only_record() -> None:
    handlers = [
        _at(path, node)
        for path in _files("workflows")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.AsyncFunctionDef)
        and any(_dotted(getattr(d, "func", d)) == "workflow.signal" for d in node.decorator_list)
    ]
    _none(handlers, "A signal handler is a plain def that records; let the main loop act:")


def _handlers() -> Iterator[tuple[str, Callable[..., Any], bool]]:
    """Name, function, and whether it has to answer: runs, signals, updates and activities."""
    for cls in WORKFLOWS:
        definition = workflow._Definition.must_from_class(cls)
        yield f"{cls.__name__}.run", definition.run_fn, True
        for signal in definition.signals.values():
            yield f"{cls.__name__}.{signal.name}", signal.fn, False
        for update in definition.updates.values():
            yield f"{cls.__name__}.{update.name}", update.fn, True
    for group in fields(Activities):
        cls = get_type_hints(Activities)[group.name]
        for name, fn in inspect.getmembers(cls, inspect.isfunction):
            if activity._Definition.from_callable(fn):
                yield f"{cls.__name__}.{name}", fn, True


HANDLERS = list(_handlers())
# They end only by an error or by continuing as new, so there is nothing to return.
ENDLESS = {"Sweep.run"}


def test_the_handlers_are_found() -> None:
    names = {name for name, _, _ in HANDLERS}
    assert {"CustomerLifecycle.happened", "CustomerLifecycle.command", "Welcomes.greet"} <= names


@pytest.mark.parametrize(("name", "fn", "answers"), HANDLERS, ids=[h[0] for h in HANDLERS])
def test_one_model_goes_in_and_one_comes_out(name: str, fn: Callable[..., Any], answers: bool) -> None:
    hints = get_type_hints(fn)
    returned = hints.pop("return")
    parameters = [p for p in inspect.signature(fn).parameters if p != "self"]
    assert len(parameters) == 1, f"{name} takes {parameters}: make one model of them in domain/messages.py"
    assert issubclass(hints[parameters[0]], BaseModel), f"{name}: take a model, so that fields can be added"
    wanted = BaseModel if answers and name not in ENDLESS else NoneType
    assert issubclass(returned, wanted), (
        f"{name} returns {returned.__name__}: return a model, so that it can grow"
    )


def test_every_activity_has_a_worker() -> None:
    """An activity that no worker offers would be waited for until its timeout."""
    source = (ROOT / "activities" / "composition.py").read_text(encoding="utf-8")
    mine = [
        (group.name, name)
        for group in fields(Activities)
        for name, fn in inspect.getmembers(get_type_hints(Activities)[group.name], inspect.isfunction)
        if activity._Definition.from_callable(fn)
    ]
    lost = [f"{group}.{name}" for group, name in mine if not re.search(rf"self\.{group}\.{name}\b", source)]
    _none(lost, "Put it on a queue in activities/composition.py:")


@pytest.mark.anyio
@pytest.mark.parametrize("cls", WORKFLOWS, ids=lambda cls: str(cls.__name__))
async def test_the_sandbox_reloads_the_rules_and_nothing_else(cls: type) -> None:
    """What is neither ours nor passed through would be loaded anew for every cached run: slow, and a leak."""
    configure = plugin().workflow_runner
    assert callable(configure)
    runner = configure(None)
    assert isinstance(runner, SandboxedWorkflowRunner)
    policy = workflow.SandboxImportNotificationPolicy.WARN_ON_UNINTENTIONAL_PASSTHROUGH
    strict = SandboxedWorkflowRunner(restrictions=runner.restrictions.with_import_notification_policy(policy))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        strict.prepare_workflow(workflow._Definition.must_from_class(cls))
    reloaded = [str(w.message).split()[1] for w in caught if "passed through" in str(w.message)]
    strangers = [m for m in reloaded if m.split(".")[0] not in ("workflows", "domain")]
    _none(strangers, "Add it to PASSED_THROUGH in workflows/plugin.py, or import it outside of the workflow:")


def test_rules_stay_inside_the_sandbox() -> None:
    shapes = {
        "addresses",
        "campaign",
        "campaign_messages",
        "customer",
        "events",
        "hours",
        "messages",
        "playbook",
        "questions",
        "shape",
    }
    shapes |= {"stages", "step_messages", "task_messages", "touches", "walk_messages"}
    passed = {name.removeprefix("domain.") for name in PASSED_THROUGH if name.startswith("domain")}
    _none(
        sorted(passed - shapes), "A rule that is passed through could read the real clock unseen; remove it:"
    )


def test_one_plugin_configures_temporal() -> None:
    places = [
        _at(path, node.value)
        for path in _files(*PRODUCT)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.keyword) and node.arg == "data_converter"
    ]
    assert len(places) == 1, f"workflows/plugin.py is the one place for data_converter, found: {places}"


# ---- messages


def _models() -> list[type[BaseModel]]:
    modules = (messages, events, customer, touches)
    return [
        cls
        for module in modules
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if issubclass(cls, BaseModel) and cls.__module__ == module.__name__
    ]


@pytest.mark.parametrize("model", _models(), ids=lambda m: str(m.__name__))
def test_an_older_worker_reads_a_newer_message(model: type[BaseModel]) -> None:
    assert model.model_config.get("extra") != "forbid", f"{model.__name__}: ignore unknown fields"
    assert not getattr(model, "__table__", None), f"{model.__name__}: a table never travels"
    bare = [n for n, f in model.model_fields.items() if f.is_required() and _optional(f.annotation)]
    _none(bare, f"{model.__name__}: what may be None has None as its default:")


def _optional(annotation: Any) -> bool:
    return get_origin(annotation) is not None and NoneType in get_args(annotation)


# ---- everything


def test_only_settings_read_the_environment_and_the_clock() -> None:
    found = []
    for path in _files(*PRODUCT):
        if _at(path) in READERS:
            continue
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Attribute):
                name = _dotted(node)
                if name.startswith(("os.environ", "os.getenv")):
                    found.append(f"{_at(path, node)} {name}: add a field to settings.Settings")
                if any(name == clock or name.endswith(f".{clock}") for clock in CLOCKS):
                    found.append(f"{_at(path, node)} {name}: take a settings.Clock, or workflow.now()")
    _none(found, "Environment and time come in through settings.py:")


def test_domain_imports_only_the_standard_library_and_pydantic() -> None:
    allowed = {*sys.stdlib_module_names, "pydantic", "domain"}
    found = []
    for path in _files("domain"):
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                names = [node.module or "domain"] if isinstance(node, ast.ImportFrom) else []
            found += [f"{_at(path, node)} {n}" for n in names if n.split(".")[0] not in allowed]
    _none(found, "domain/ is pure; move what needs this to activities/ or pass it in:")


def test_files_are_small() -> None:
    sizes = {_at(path): len(path.read_text(encoding="utf-8").splitlines()) for path in _files(*PRODUCT)}
    large = {name: size for name, size in sizes.items() if size > WORTH_A_LOOK}
    if large:
        print(f"over {WORTH_A_LOOK} lines, worth a look: {large}")
    over = [f"{n}: {size}" for n, size in large.items() if size > LONGEST_FILE]
    _none(over, f"Over {LONGEST_FILE} lines: find the part with a name of its own and move it out:")


def test_functions_are_short() -> None:
    long = [
        f"{_at(path, node)} {node.name}: {size} lines"
        for path in _files(*PRODUCT)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (size := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    _none(long, f"Over {LONGEST_FUNCTION} lines: give a part of it a name:")


def test_imports_point_inward() -> None:
    """The contract of pyproject.toml; `make lint` runs the same."""
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([program], cwd=ROOT, capture_output=True, text=True, check=False)  # fixed arguments
    assert done.returncode == 0, f"An import points outward; turn it round or inject it:\n{done.stdout}"
