"""A process run to its end, and what it took. Needs Linux."""

import os
import subprocess
import time
from dataclasses import dataclass, field


@dataclass
class Run:
    """A process that has ended."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    stdout: str
    stderr: str
    facts: dict = field(default_factory=dict)


def run(command, stdin="", variables=None):
    """Runs a process to its end.

    Peak memory is the largest resident set. The kernel counts what a child shared with its parent before it became
    another program, so what calls this must be small itself: no torch here.
    """
    start = time.perf_counter()
    # Files rather than pipes: `wait4`, which tells memory and CPU time of this child alone, must not
    # wait for a child that waits for a reader.
    with open(os.memfd_create("in"), "w+b") as given, open(os.memfd_create("out"), "w+b") as out, open(
        os.memfd_create("err"), "w+b"
    ) as err:
        given.write(stdin.encode())
        given.seek(0)
        environment = os.environ | (variables or {})
        child = subprocess.Popen(list(map(str, command)), stdin=given, stdout=out, stderr=err, env=environment)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        stdout, stderr = out.read().decode(), err.read().decode(errors="replace")
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {child.returncode}:\n{stderr}")
    cpu_seconds = usage.ru_utime + usage.ru_stime
    return Run(seconds, cpu_seconds, usage.ru_maxrss / 1024, stdout, stderr)


def drop_from_page_cache(files):
    """Makes the next process read the files from disk."""
    for path in files:
        with open(path, "rb") as opened:
            os.fsync(opened.fileno())  # pages that are not written yet would stay
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
