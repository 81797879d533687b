"""Memory that goes back to the system once it is free."""

import ctypes

# In bytes. glibc takes a block of this size and more from the system by itself, and gives it back when it is free: the
# text, the file and the pixels of a large photo. Left alone it raises the bound to 32 MB with the blocks that it sees,
# and keeps what is freed below others that are in use. The pixels of an ordinary photo are smaller.
_LARGE = 4 * 1024 * 1024
_M_MMAP_THRESHOLD = -3  # of malloc.h


def give_back() -> None:
    """Sets that bound, to be called before there is much in memory; does nothing where the C library has none."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
