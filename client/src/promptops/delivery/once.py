"""A property that is computed when first asked for, without a lock.

`functools.cached_property` of Python 3.11 keeps one lock for all instances of a class. A process that forks while its follower
computes one would leave that lock held in the child for ever, and the child would never take over a release. Here two threads
may compute the same value at once; the values are equal, and the later one stays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

_Value = TypeVar("_Value")


class once(Generic[_Value]):
    """Decorates a method without arguments of a class whose instances have a `__dict__`."""

    def __init__(self, make: Callable[[Any], _Value]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type | None = None) -> _Value: ...

    def __get__(self, instance: object, owner: type | None = None) -> Self | _Value:
        if instance is None:
            return self
        value = self._make(instance)
        instance.__dict__[self._name] = value  # found before this descriptor from now on
        return value
