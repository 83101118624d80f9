"""docs/operations.md has every setting, metric and log event, and none that is gone."""

from __future__ import annotations

import re

from prometheus_client.metrics import MetricWrapperBase

from allinone.topology import SERVICE_SETTINGS
from chassis.settings import PREFIX, PlatformSettings, ServiceSettings
from chassis.telemetry import Metrics
from tests.unit.docs.documents import ROOT, code_span, code_spans, section, table_rows, text_of

OPERATIONS = text_of("docs/operations.md")
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
        code_span(row["metric"]): (row["type"], code_spans(row["labels"])) for row in rows
    }
    assert documented == metrics_in_code()


def test_every_log_event_is_documented_and_no_other() -> None:
    rows = table_rows(section(OPERATIONS, "Log events"), first="event")
    documented = [event for row in rows for event in code_spans(row["event"])]
    in_code = {
        event
        for part in ("allinone", "chassis", "gateway", "services")
        for file in (ROOT / part).rglob("*.py")
        for event in LOG_EVENT.findall(file.read_text(encoding="utf-8"))
    }
    assert sorted(documented) == sorted(in_code)
