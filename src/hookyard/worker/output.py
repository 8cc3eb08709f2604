"""What a command writes to standard output and error, which are pipes that the server reads."""

import fcntl
import os
import sys
import termios
from contextlib import suppress


class Unread:
    """Tells whether something was written that the server has not read yet: then it belongs to the job that ends.

    Called, it flushes what Python holds back, and looks. It keeps descriptors of its own, as a plugin may close or
    replace 1 and 2.
    """

    def __init__(self) -> None:
        self._streams = (sys.stdout, sys.stderr)
        self._pipes = (os.dup(1), os.dup(2))
        self._size = bytearray(4)

    def __call__(self) -> bool:
        """Whether there is something."""
        for stream in self._streams:
            with suppress(Exception):  # closed by the plugin, or nobody reads it
                stream.flush()
        size = self._size
        for pipe in self._pipes:
            fcntl.ioctl(pipe, termios.FIONREAD, size, True)
            if any(size):
                return True
        return False
