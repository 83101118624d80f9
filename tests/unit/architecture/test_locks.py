"""The locks fix every byte that is installed, and say nothing about where it comes from."""

import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements"
LOCKS = sorted(REQUIREMENTS.glob("*.lock"))

PINNED = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[^\s;]+)")
HASHED = re.compile(r"--hash=sha256:[0-9a-f]{64}(\s|$)")
ADDRESS = re.compile(r"\w+://|^\s*(-i|-f|--(extra-)?index-url|--find-links|--trusted-host)\b")

SOUND = f"first==1.0 \\\n    --hash=sha256:{'0' * 64}\n    # via second\n"


def requirements(lock: str) -> list[str]:
    """Return the requirements of a lock, each with its continued lines joined to one."""
    joined = lock.replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and line.lstrip()[0] != "#"]


def faults(lock: str) -> list[str]:
    """Return what is wrong with a lock: requirements not pinned or not hashed, and addresses."""
    found = [f"an address: {line}" for line in lock.splitlines() if ADDRESS.search(line)]
    for requirement in requirements(lock):
        if not PINNED.match(requirement):
            found.append(f"not pinned: {requirement}")
        if not HASHED.search(requirement):
            found.append(f"without a hash: {requirement}")
    return found


def pinned_versions(lock: str) -> dict[str, str]:
    """Return the version of every package in a lock, by name."""
    return {
        match["name"]: match["version"]
        for requirement in requirements(lock)
        if (match := PINNED.match(requirement))
    }


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_lock_pins_and_hashes_everything_and_names_no_address(path: Path) -> None:
    lock = path.read_text(encoding="utf-8")
    assert requirements(lock)
    assert faults(lock) == []


def test_development_lock_holds_the_runtime_lock() -> None:
    runtime = pinned_versions((REQUIREMENTS / "runtime.lock").read_text(encoding="utf-8"))
    development = pinned_versions((REQUIREMENTS / "dev.lock").read_text(encoding="utf-8"))
    assert runtime.items() <= development.items()


def test_stub_generator_has_the_version_of_the_runtime() -> None:
    versions = pinned_versions((REQUIREMENTS / "dev.lock").read_text(encoding="utf-8"))
    assert versions["grpcio-tools"] == versions["grpcio"]


def test_sound_lock_has_no_faults() -> None:
    assert faults(SOUND) == []


@pytest.mark.parametrize(
    "fault",
    [
        "second==2.0\n",
        "second>=2.0 \\\n    --hash=sha256:" + "0" * 64 + "\n",
        "second==2.0 \\\n    --hash=sha256:0000\n",
        "second==2.0 ; sys_platform == 'linux'\n",
        "# from https://packages.example/simple\n",
    ],
)
def test_fault_in_a_lock_is_found(fault: str) -> None:
    assert len(faults(SOUND + fault)) == 1


@pytest.mark.parametrize("option", ["--index-url x", "--extra-index-url x", "--find-links x"])
def test_option_that_names_an_index_is_found(option: str) -> None:
    assert any(fault.startswith("an address") for fault in faults(SOUND + option + "\n"))
