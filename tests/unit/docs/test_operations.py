"""docs/operations.md has all that an operator meets, and nothing that is gone.

Settings, commands, exit codes, metrics, workers, log events and their fields. Whoever adds one is
told in which section it has to be documented, and how the row begins.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache

import pytest
from prometheus_client.metrics import MetricWrapperBase

from allinone.command import PROCESS_COMMANDS
from allinone.topology import SERVICE_SETTINGS
from chassis.settings import PREFIX, PlatformSettings, ServiceSettings
from chassis.telemetry import Metrics
from tests.unit.docs.documents import ROOT, code_span, code_spans, section, table_rows, text_of

OPERATIONS = text_of("docs/operations.md")
PARTS = ("allinone", "chassis", "gateway", "services")
LOG_EVENT = re.compile(r"\b_?log\.(?:debug|info|warning|error|exception)\(\s*\"(\w+)\"")
ANY_SERVICE = f"{PREFIX}<SERVICE>_"


def settings_in_code() -> dict[str, object]:
    """Each setting's variable with its default; what all services know is listed once."""
    known: dict[str, object] = {
        f"{PREFIX}{name.upper()}": field.default
        for name, field in PlatformSettings.model_fields.items()
    }
    for name, field in ServiceSettings.model_fields.items():
        known[f"{ANY_SERVICE}{name.upper()}"] = field.default
    for service, kind in SERVICE_SETTINGS.items():
        for name, field in kind.model_fields.items():
            if name not in ServiceSettings.model_fields:
                known[f"{PREFIX}{service.upper()}_{name.upper()}"] = field.default
    return known


def metrics_in_code() -> dict[str, tuple[str, list[str]]]:
    """Each metric's exposed name with its type and labels."""
    found: dict[str, tuple[str, list[str]]] = {}
    for metric in vars(Metrics()).values():
        if isinstance(metric, MetricWrapperBase):
            (description,) = metric.describe()
            suffix = "_total" if description.type == "counter" else ""
            labels = list(metric._labelnames)
            found[f"{description.name}{suffix}"] = (description.type, labels)
    return found


def test_every_setting_is_documented_with_its_default_and_no_other() -> None:
    rows = table_rows(section(OPERATIONS, "Settings"), first="setting")
    documented = {code_span(row["setting"]): row["default"] for row in rows}
    expected = {
        name: "unset" if default in (None, (), {}) else f"`{default}`"
        for name, default in settings_in_code().items()
    }
    assert documented == expected


def test_every_metric_is_documented_with_its_type_and_labels_and_no_other() -> None:
    rows = table_rows(section(OPERATIONS, "Metrics"), first="metric")
    documented = {
        code_span(row["metric"]): (row["type"], code_spans(row["labels"]))
        for row in rows
        if "labels" in row
    }
    assert documented == metrics_in_code()


def test_every_log_event_is_documented_and_no_other() -> None:
    rows = table_rows(section(OPERATIONS, "Log events"), first="event")
    documented = [event for row in rows for event in code_spans(row["event"])]
    in_code = {
        event
        for part in PARTS
        for file in (ROOT / part).rglob("*.py")
        for event in LOG_EVENT.findall(file.read_text(encoding="utf-8"))
    }
    assert sorted(documented) == sorted(in_code)


LOGGERS = {"log", "_log"}
LOG_LEVELS = {"debug", "info", "warning", "error", "exception"}
EVERY_LINES_FIELDS = {"event", "level", "timestamp", "module", "process", "exception"}
"""What the set-up of logs gives to lines by itself."""

COMMAND_LINE_EXITS = {0, 1, 2}
"""Done, not done, and argparse's for a wrong command line."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Every module that runs in a platform, with its path."""
    for part in PARTS:
        for file in sorted((ROOT / part).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in them."""
    for path, module in sources():
        for node in ast.walk(module):
            if isinstance(node, ast.Call):
                yield path, node


def workers_in_code() -> dict[str, tuple[str, bool]]:
    """Each worker's name, where it is made, and whether it is detached.

    What each service has is <service>'s.
    """
    found = {}
    for path, call in calls():
        if isinstance(call.func, ast.Name) and call.func.id == "Worker":
            named = call.args[0] if call.args else _keyword(call, "name")
            found[_text(named, path)] = (path, _is_detached(call, path))
    return found


@cache
def constants() -> Mapping[str, str]:
    """The texts that modules give a name in capitals."""
    return {
        target.id: node.value.value
        for _, module in sources()
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }


def log_fields_in_code() -> dict[str, str]:
    """Each key that a log call gives, and where."""
    found = dict.fromkeys(EVERY_LINES_FIELDS, "chassis/log.py")
    for path, call in calls():
        if _is_log_call(call) or (
            isinstance(call.func, ast.Attribute) and call.func.attr == "about"
        ):
            for keyword in call.keywords:
                if keyword.arg is not None:
                    found[keyword.arg] = path
    found["trace_id"] = "chassis/log.py"
    del found["exc_info"]  # It becomes `exception`.
    return found


def exit_codes_in_code() -> dict[str, str]:
    """Each exit code of a program of ours, and where."""
    found = {str(code): "allinone/command.py" for code in COMMAND_LINE_EXITS}
    for path, module in sources():
        for node in module.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
                is_exit = any(re.fullmatch("EXIT_[A-Z_]+", name) for name in names)
                if is_exit and isinstance(node.value.value, int):
                    found[str(node.value.value)] = path
    return found


def commands_in_code() -> dict[str, str]:
    """Each command of `hutong`, and where."""
    found = dict.fromkeys(PROCESS_COMMANDS, "allinone/command.py")
    for path, call in calls():
        if path == "allinone/cli.py" and getattr(call.func, "id", "") == "command":
            found[_text(call.args[0], path)] = path
    return found


def require_documented(
    kind: str, in_code: Mapping[str, str], documented: list[str], *, title: str
) -> None:
    """Fails with what to write where, or what to take out."""
    missing = "; ".join(
        f"`{name}` ({where})" for name, where in in_code.items() if name not in documented
    )
    assert not missing, (
        f"docs/operations.md, section {title!r}: add a row to the table whose first column is "
        f"{kind!r} for each of {missing}"
    )
    gone = [name for name in documented if name not in in_code]
    assert not gone, (
        f"docs/operations.md, section {title!r}: no code has the {kind} {gone} any more"
    )
    twice = {name for name in documented if documented.count(name) > 1}
    assert not twice, f"docs/operations.md, section {title!r}: {twice} stand there twice"


def first_column(title: str, kind: str) -> list[str]:
    return [
        span
        for row in table_rows(section(OPERATIONS, title), first=kind)
        for span in code_spans(row[kind]) or [row[kind]]
    ]


def test_every_command_is_documented_and_no_other() -> None:
    documented = [text.split()[1] for text in first_column("Commands", "command")]
    require_documented("command", commands_in_code(), documented, title="Commands")


def test_every_exit_code_is_documented_and_no_other() -> None:
    documented = first_column("Commands", "code") + first_column("Log events", "exit code")
    require_documented("exit code", exit_codes_in_code(), documented, title="Log events")


def test_every_metric_has_a_healthy_value_and_what_to_do_otherwise() -> None:
    rows = list(table_rows(section(OPERATIONS, "Metrics"), first="metric"))
    judged = [row for row in rows if "healthy" in row]
    names = [code_span(row["metric"]) for row in judged]
    in_code = dict.fromkeys(metrics_in_code(), "chassis/telemetry.py")
    require_documented("metric", in_code, names, title="Metrics, When a value is not healthy")
    assert all(row["healthy"] and row["what to do when it is not"] for row in judged)


def test_every_worker_is_documented_and_no_other() -> None:
    title = "Background work"
    in_code = workers_in_code()
    places = {name: path for name, (path, _) in in_code.items()}
    require_documented("worker", places, first_column(title, "worker"), title=title)
    for row in table_rows(section(OPERATIONS, title), first="worker"):
        assert all(row.values()), f"{title}: a cell is empty in {row}"
        _, is_detached = in_code[code_span(row["worker"])]
        assert row["in `workers`"] == ("yes" if is_detached else "no"), row["worker"]


def test_a_worker_is_detached_if_it_says_true() -> None:
    for said, expected in (
        ("", False),
        ("is_detached=False", False),
        ("is_detached=True", True),
    ):
        call = ast.parse(f"Worker('x', work, {said})", mode="eval").body
        assert isinstance(call, ast.Call)
        assert _is_detached(call, "x.py") is expected


def test_every_log_field_is_documented_and_no_other() -> None:
    title = "Log events"
    require_documented("field", log_fields_in_code(), first_column(title, "field"), title=title)


def test_whoever_adds_a_metric_is_told_what_to_write_and_where() -> None:
    with pytest.raises(
        AssertionError, match=r"section 'Metrics': add a row .*'metric'.*`new` \(x\)"
    ):
        require_documented("metric", {"new": "x"}, [], title="Metrics")
    with pytest.raises(AssertionError, match=r"no code has the metric \['old'\] any more"):
        require_documented("metric", {}, ["old"], title="Metrics")


def _is_log_call(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in LOG_LEVELS:
        return False
    logger = call.func.value
    name = logger.id if isinstance(logger, ast.Name) else getattr(logger, "attr", "")
    return name in LOGGERS


def _keyword(call: ast.Call, name: str) -> ast.expr:
    (found,) = [keyword.value for keyword in call.keywords if keyword.arg == name]
    return found


def _is_detached(call: ast.Call, path: str) -> bool:
    """What a worker's call says of it; one that says nothing is not."""
    for keyword in call.keywords:
        if keyword.arg == "is_detached":
            said = keyword.value
            assert isinstance(said, ast.Constant), f"{path}: is_detached is not said outright"
            assert isinstance(said.value, bool), f"{path}: is_detached is True or False"
            return said.value
    return False


def _text(node: ast.expr, path: str) -> str:
    """A constant text, or one that begins with the service's name."""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "<service>"
            for part in node.values
        )
    if isinstance(node, ast.Name):
        return constants()[node.id]
    assert isinstance(node, ast.Constant), f"{path}: a name that no constant gives"
    return str(node.value)
