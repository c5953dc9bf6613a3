"""How many threads linear algebra may take."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any


def one_blas_thread() -> AbstractContextManager[object]:
    """Keep linear algebra to one thread while the context is open.

    Matrices of a scale are small: several threads win nothing on them, and where another process keeps a core busy they
    wait for each other, which turned 0.05 s into 3 s.

    Returns
    -------
    context manager
        For use with `with`; afterwards the number of threads is what it was.
    """
    limits: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")
    return limits


@cache
def _controller() -> Any:
    # Looking for the libraries takes milliseconds, so it is done once.
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    return ThreadpoolController()
