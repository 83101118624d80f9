"""A simulation's report, for people: what was asked, what went wrong, and what was found."""

from __future__ import annotations

from collections.abc import Iterator

from tests.simulation.record import ACKNOWLEDGED, NOT_ASKED, UNKNOWN
from tests.simulation.run import Report

ROWS_SHOWN_MAX = 40


def told(report: Report) -> str:
    """The report in lines."""
    return "\n".join(
        [
            f"seed {report.seed}, {report.seconds:g} s of load, {report.topology}",
            *_operations(report),
            *_faults(report),
            f"quiet after {report.quiet_seconds:.1f} s",
            *_found(report),
        ]
    )


def _operations(report: Report) -> Iterator[str]:
    asked = report.record.asked.values()
    attempts = sum(one.attempts for one in asked)
    answers = sum(len(one.answers) for one in asked)
    yield f"{len(report.record.asked)} operations, {attempts} calls, {answers} answers"
    for kind, outcomes in sorted(report.record.outcomes().items()):
        ends = [ACKNOWLEDGED, UNKNOWN, NOT_ASKED]
        refused = {name: count for name, count in outcomes.items() if name not in ends}
        parts = [f"{outcomes[name]} {name}" for name in ends if outcomes[name]]
        parts += [f"{count} {name}" for name, count in sorted(refused.items())]
        yield f"  {kind:30} {', '.join(parts)}"


def _faults(report: Report) -> Iterator[str]:
    yield f"{len(report.played)} faults"
    for played in report.played:
        at = played.begun - report.record.begun
        line = f"  {at:6.1f} s  {played.name}"
        if played.is_outage:
            seconds = report.record.recovered_after(played.down_at)
            recovered = "never" if seconds is None else f"after {seconds:.1f} s"
            line += f": sold again {recovered}"
        yield line


def _found(report: Report) -> Iterator[str]:
    if not report.found:
        yield "every invariant holds"
        return
    yield f"{len(report.found)} rows break a rule"
    for violation in report.found[:ROWS_SHOWN_MAX]:
        yield f"  {violation}"
