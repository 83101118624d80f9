"""Becomes a store, or another process below this one: `python -I -S launch.py --parent PID
--death-signal N [--folder F] -- program arguments…`.

It runs between fork and exec in place of a `preexec_fn`, which uvloop refuses, and of `user=`,
which gRPC dislikes. In this order it holds the store's folder, leaves root, ties its life to the
parent's, and becomes the program; without a folder it is no store, and stays who it is. Runs before
any package is at hand: the standard library only. Refuses to run a store as root, or beside an
earlier one on the same folder. What it has to say goes to standard error, one line, with one of the
exit codes below.
"""

import argparse
import ctypes
import fcntl
import os
import pwd
import signal
import sys
import time

EXIT_PARENT_GONE = 69
EXIT_CANNOT_EXECUTE = 72
EXIT_FOLDER_IN_USE = 75
EXIT_CANNOT_DROP_ROOT = 77

# An earlier store that lost its parent is shutting down: it writes a checkpoint first.
LOCK_WAIT_SECONDS = 30.0
LOCK_POLL_SECONDS = 0.02

ORDINARY_USER = "nobody"
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1


class _Refused(Exception):
    def __init__(self, exit_code: int, message: str) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def main(arguments: list[str]) -> int:
    """Never returns when all goes well: the process has become the program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--death-signal", type=int, required=True)
    parser.add_argument("--folder")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    try:
        if options.folder is not None:
            _hold(options.folder, parent=options.parent)
            _leave_root(options.folder, program=options.command[0])
        _die_with(options.parent, death_signal=options.death_signal)
        _become(options.command)
    except _Refused as refused:
        print(f"launch: {refused}", file=sys.stderr)
        return refused.exit_code
    return 0


def _hold(folder: str, *, parent: int) -> None:
    """Locks the folder with a descriptor that the program and all its children inherit.

    So the lock ends with the last of them: nothing starts beside a backend whose postmaster was
    killed, nor beside a Valkey, which takes no lock of its own, that is still writing its log after
    its parent's death.
    """
    descriptor = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
                raise _Refused(EXIT_FOLDER_IN_USE, holder) from None
        _require_parent(parent)
        time.sleep(LOCK_POLL_SECONDS)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    os.set_inheritable(descriptor, True)


def _leave_root(folder: str, *, program: str) -> None:
    """Ends up as an ordinary user, who owns the folder.

    First choice is a user namespace where root has an ordinary id: outside it stays root, so every
    file stays root's, and nothing needs to be given away or be reachable. Without one it becomes
    that user for good. An id that is not in passwd (a container started with any id) is mapped
    likewise where that is allowed, since initdb asks for the name of its user.
    """
    user, group = os.geteuid(), os.getegid()
    if user != 0 and _is_known(user):
        return
    ordinary = _ordinary_user()
    if ordinary is not None and _may_map_user(ordinary):
        if user == 0 and os.stat(folder).st_uid != user:
            _give(folder, user=user, group=group)
        _map_user(ordinary)
    elif user == 0:
        _become_user(ordinary, folder=folder, program=program)


def _is_known(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def _ordinary_user() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(ORDINARY_USER)
    except KeyError:
        return next((user for user in pwd.getpwall() if user.pw_uid != 0), None)


def _may_map_user(ordinary: pwd.struct_passwd) -> bool:
    """Tries it in a child: there is no way back out of a namespace whose maps were refused."""
    if not sys.platform.startswith("linux"):
        return False
    child = os.fork()
    if child == 0:
        try:
            _map_user(ordinary)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def _map_user(ordinary: pwd.struct_passwd) -> None:
    user, group = os.geteuid(), os.getegid()
    if _libc().unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    # A process without privilege may map its group only after giving up setgroups.
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{ordinary.pw_uid} {user} 1"),
        ("gid_map", f"{ordinary.pw_gid} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(line)


def _become_user(ordinary: pwd.struct_passwd | None, *, folder: str, program: str) -> None:
    if ordinary is None:
        raise _Refused(EXIT_CANNOT_DROP_ROOT, "no user namespaces, and no other user in passwd")
    try:
        # The home stays root's and closed, but its folders have to be reached.
        os.chmod(os.path.dirname(folder), 0o711)
        _give(folder, user=ordinary.pw_uid, group=ordinary.pw_gid)
        os.setgroups([])
        os.setgid(ordinary.pw_gid)
        os.setuid(ordinary.pw_uid)
    except OSError as error:
        raise _Refused(
            EXIT_CANNOT_DROP_ROOT, f"no user namespaces, and setuid: {error.strerror}"
        ) from error
    for path, mode in ((folder, os.R_OK | os.W_OK | os.X_OK), (program, os.X_OK)):
        if not os.access(path, mode):
            message = (
                f"no user namespaces, and {ordinary.pw_name} cannot reach {_first_closed(path)}"
            )
            raise _Refused(EXIT_CANNOT_DROP_ROOT, message)


def _give(folder: str, *, user: int, group: int) -> None:
    """Changes the owner of everything below, the folder last: it is the mark that all is done."""
    for path, folders, files in os.walk(folder, topdown=False):
        for name in folders + files:
            os.chown(os.path.join(path, name), user, group, follow_symlinks=False)
    os.chown(folder, user, group)


def _first_closed(path: str) -> str:
    parents = [path]
    while parents[-1] != "/":
        parents.append(os.path.dirname(parents[-1]))
    return next((parent for parent in reversed(parents) if not os.access(parent, os.X_OK)), path)


def _die_with(parent: int, *, death_signal: int) -> None:
    """Asks for the signal when the parent's thread ends. After leaving root: a change of
    credentials forgets it.

    Only Linux offers this. Elsewhere a store outlives a killed platform, and the next start finds
    it by its lock.
    """
    if (
        sys.platform.startswith("linux")
        and _libc().prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0
    ):
        raise OSError(ctypes.get_errno(), "prctl")
    _require_parent(parent)


def _require_parent(parent: int) -> None:
    if os.getppid() != parent:
        raise _Refused(EXIT_PARENT_GONE, f"the platform with process id {parent} is gone")


def _become(command: list[str]) -> None:
    os.umask(0o077)
    # Python ignores it, and an ignored signal stays ignored in the program.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execv(command[0], command)
    except OSError as error:
        raise _Refused(EXIT_CANNOT_EXECUTE, f"{command[0]}: {error.strerror}") from error


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
