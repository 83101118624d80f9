"""Reading what the load generator and /proc tell."""

from __future__ import annotations

import os

import pytest

from tests.bench.cpu import cpu_microseconds_each, cpu_seconds, memory_bytes, processes_of, told
from tests.bench.load import answers_in, grpc_frame
from tests.bench.rows import NotMeasurable


def test_latencies_and_failures_come_from_the_log() -> None:
    log = "1000000\t200\t1500\n1500000\t500\t3000\n2000000\t200\t500\n"
    answers = answers_in(log)
    assert answers.milliseconds == [0.5, 1.5, 3.0]
    assert answers.failed == 1
    assert answers.seconds == pytest.approx(1.0005)


def test_a_log_without_answers_is_no_figure() -> None:
    with pytest.raises(NotMeasurable):
        answers_in("")


def test_costs_are_shared_out_by_program() -> None:
    each = cpu_microseconds_each(
        {"python": 1.0, "postgres": 2.0}, {"python": 1.5, "postgres": 2.1, "valkey": 0.0}, 1000
    )
    assert each == {"postgres": pytest.approx(100), "python": pytest.approx(500), "valkey": 0.0}
    assert told(each) == "postgres 100, python 500"


def test_a_process_has_used_time_and_memory() -> None:
    own = os.getpid()
    assert sum(cpu_seconds(own).values()) > 0
    assert memory_bytes(processes_of(own)) > 1_000_000


def test_a_grpc_frame_has_its_length_before_it() -> None:
    assert grpc_frame(b"abc") == b"\x00\x00\x00\x00\x03abc"
