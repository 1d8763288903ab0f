"""A switch that makes all workers of one gunicorn hang until a moment in time, as if they waited for something that is stuck.

The moment is kept in memory that the workers share because they are forked after gunicorn.conf.py has imported this module.
A new container starts with new memory: the hang ends with the restart that it provokes. A worker that gunicorn kills at its
--timeout is replaced by one that hangs too. Without gunicorn.conf.py each process has a switch of its own.
"""
import mmap
import struct
import time

MOMENT = struct.Struct("d")
_shared = mmap.mmap(-1, MOMENT.size)


def start(seconds):
    # The monotonic clock is the same in all processes of a machine, and nobody sets it.
    MOMENT.pack_into(_shared, 0, time.monotonic() + seconds)


def remaining():
    return max(0.0, MOMENT.unpack_from(_shared)[0] - time.monotonic())


def wait():
    left = remaining()
    while left > 0:
        time.sleep(left)
        left = remaining()
