#!/bin/sh
# Makes .venv and installs one of the locks into it, and Hutong itself, editable, after that.
#
# Usage: tools/setup_environment.sh runtime|dev|native|replay
#
# A shell script, since the python3 of an old machine could not even read a newer Python's syntax.
# Wheels only: nothing is compiled, and every file must have a hash that the lock knows.
set -eu
cd "$(dirname "$0")/.."

lock="requirements/${1:?which lock: runtime, dev, native or replay}.lock"
environment=.venv

fail() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}

is_recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

makes_environments() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

# Sets `interpreter` to the first Python that will do, or ends with one line on what is missing.
find_interpreter() {
    incomplete=''
    for interpreter in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3; do
        is_recent "$interpreter" || continue
        if makes_environments "$interpreter"; then
            return
        fi
        incomplete="${incomplete:-$interpreter}"
    done
    if [ -n "$incomplete" ]; then
        fail "$incomplete cannot make virtual environments: install python3-venv (Debian, Ubuntu: apt-get install python3-venv)."
    fi
    found=$("${PYTHON:-python3}" --version 2>/dev/null) || found="no ${PYTHON:-python3}"
    fail "Hutong needs Python 3.11 or newer, and found $found: install one, or name it with make PYTHON=..."
}

is_usable() {
    is_recent "$environment/bin/python" && "$environment/bin/python" -m pip --version >/dev/null 2>&1
}

install() {
    "$environment/bin/python" -m pip install --quiet --quiet --disable-pip-version-check "$@"
}

if ! is_usable; then
    find_interpreter
    echo "setup: making $environment with $("$interpreter" --version)"
    "$interpreter" -m venv --clear "$environment"
fi
echo "setup: installing $lock (the first time takes a minute)"
case "$1" in
native | replay)
    # An addition to a whole environment; what its packages would bring along for no use is left out.
    install --require-hashes --only-binary :all: --no-deps --requirement "$lock"
    exit
    ;;
esac
install --require-hashes --only-binary :all: --requirement "$lock"
install --no-build-isolation --no-deps --editable .
