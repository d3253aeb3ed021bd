"""What a typed client could not place: the properties its models do not know."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

ALWAYS = ("@odata.context", "@odata.type", "@removed")
"""Annotations that models keep beside their properties."""


def leftovers(value: object, where: str = "answer") -> list[str]:
    """The places of everything that no model has a property for."""
    return list(_leftovers(value, where))


def _leftovers(value: object, where: str) -> Iterator[str]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leftovers(item, f"{where}[{number}]")
    elif is_dataclass(value):
        extra: dict[str, Any] = getattr(value, "additional_data", {})
        yield from (f"{where}.{name}" for name in extra if name not in ALWAYS)
        for each in fields(value):
            if each.name not in {"additional_data", "backing_store"}:
                yield from _leftovers(getattr(value, each.name), f"{where}.{each.name}")
