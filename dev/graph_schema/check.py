"""Hold a JSON value against a described type: undeclared properties, wrong kinds, foreign enum words, missing keys."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from dev.graph_schema.schema import NotDescribed, Property, Schema, Type

ANNOTATIONS = frozenset(
    {
        "@odata.context",
        "@odata.count",
        "@odata.deltaLink",
        "@odata.editLink",
        "@odata.etag",
        "@odata.id",
        "@odata.nextLink",
        "@odata.type",
        "@removed",
    }
)
"""Annotations of objects: https://learn.microsoft.com/graph/delta-query-overview and the OData JSON format.

http://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_InstanceAnnotations
"""

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PREFIX = "#microsoft.graph."


class Fault(StrEnum):
    """What is wrong with a value."""

    UNDECLARED = "undeclared property"
    ANNOTATION = "unknown annotation"
    TYPE = "wrong type name"
    KIND = "wrong kind of value"
    WORD = "not a word of the enum"
    MISSING = "missing property"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: where (`value[0].phoneType`), in which type, and the property's name."""

    fault: Fault
    where: str
    type: str
    name: str

    def __str__(self) -> str:
        return f"{self.where}: {self.fault} ({self.type})"


@dataclass(frozen=True, slots=True)
class Checker:
    """A check of values of one API version.

    `answer`: Graph sends this, so keys must be there and `documented.SENT_ANYWAY` is allowed.
    `selected`: `$select` limits what is shown, so keys may be absent.
    """

    schema: Schema
    answer: bool = True
    selected: bool = False

    def problems(self, type_name: str, value: object) -> list[Problem]:
        """Return everything wrong with `value` as an object of this type. Raises NotDescribed for an unknown type."""
        return list(self._object(self.schema.type(type_name), value, ""))

    def _object(self, expected: Type, value: object, where: str) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield Problem(Fault.KIND, where or "body", expected.name, "")
            return
        actual = self._actual(expected, value.get("@odata.type"))
        if actual is None:
            yield Problem(Fault.TYPE, _join(where, "@odata.type"), expected.name, "@odata.type")
            return
        for name in sorted(self._required(actual) - set(value)):
            yield Problem(Fault.MISSING, _join(where, name), actual.name, name)
        for name, item in value.items():
            if "@" in name:
                yield from self._annotation(actual, name, where)
            else:
                yield from self._property(actual, name, item, where)

    def _actual(self, expected: Type, named: object) -> Type | None:
        """Return the type that `@odata.type` names, or None if it is none of the expected ones. Its case varies."""
        if named is None:
            return expected
        if expected.name == "resourceData":
            return expected  # names the changed resource, https://learn.microsoft.com/graph/api/resources/resourcedata
        wanted = str(named).lower()
        names = (name for name in self.schema.derived(expected.name) if f"{_PREFIX}{name}".lower() == wanted)
        found = next(names, None)
        return self.schema.type(found) if found else None

    def _required(self, actual: Type) -> frozenset[str]:
        return actual.required if self.answer and not self.selected else frozenset()

    def _annotation(self, actual: Type, name: str, where: str) -> Iterator[Problem]:
        """Accept `@odata.type`, and `property@odata.context` of a declared property."""
        owner, _, rest = name.partition("@")
        known = f"@{rest}" in ANNOTATIONS or (owner and rest.startswith("odata."))
        if not known or (owner and owner not in actual.properties):
            yield Problem(Fault.ANNOTATION, _join(where, name), actual.name, name)

    def _property(self, actual: Type, name: str, item: object, where: str) -> Iterator[Problem]:
        declared = actual.properties.get(name) or (actual.sent_anyway.get(name) if self.answer else None)
        here = _join(where, name)
        if declared is None:
            yield Problem(Fault.UNDECLARED, here, actual.name, name)
        elif item is None:
            if name in self._required(actual):
                yield Problem(Fault.MISSING, here, actual.name, name)
        elif not declared.many:
            yield from self._value(actual, name, declared, item, here)
        elif isinstance(item, list):
            for number, element in enumerate(item):
                yield from self._value(actual, name, declared, element, f"{here}[{number}]")
        else:
            yield Problem(Fault.KIND, here, actual.name, name)

    def _value(self, owner: Type, name: str, declared: Property, item: object, where: str) -> Iterator[Problem]:
        if declared.kind == "object":
            yield from self._part(owner, name, declared, item, where)
        elif declared.kind == "enum" and isinstance(item, str):
            if item not in self.schema.enum(declared.type):
                yield Problem(Fault.WORD, where, owner.name, name)
        elif not _FITS.get(declared.kind, _is_string)(item):
            yield Problem(Fault.KIND, where, owner.name, name)

    def _part(self, owner: Type, name: str, declared: Property, item: object, where: str) -> Iterator[Problem]:
        """Check an object inside another. A type that is not described cannot be judged, which is a fault too."""
        try:
            expected = self.schema.type(declared.type)
        except NotDescribed:
            yield Problem(Fault.TYPE, where, owner.name, name)
        else:
            yield from self._object(expected, item, where)


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _is_moment(text: str) -> bool:
    """Return whether a text is an ISO 8601 date and time. The `date` of an error has no offset."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text


_FITS: Mapping[str, Callable[[object], bool]] = {
    "any": lambda _: True,
    "boolean": lambda item: isinstance(item, bool),
    "integer": lambda item: isinstance(item, int) and not isinstance(item, bool),
    "number": lambda item: isinstance(item, int | float) and not isinstance(item, bool),
    "dateTime": lambda item: isinstance(item, str) and _is_moment(item),
    "uuid": lambda item: isinstance(item, str) and _GUID.fullmatch(item) is not None,
}
"""Whether a JSON value that is not null is of a kind; every other kind is written as a string."""


def _is_string(item: object) -> bool:
    return isinstance(item, str)


def error_problems(schema: Schema, body: Any) -> list[Problem]:
    """Return what is wrong with an error answer: it is the OData error object with `code` and `message`.

    https://learn.microsoft.com/graph/errors#error-resource-type
    """
    found = Checker(schema).problems("oDataError", body)
    error = body.get("error") if isinstance(body, Mapping) else None
    missing = [name for name in ("code", "message") if not isinstance(error, Mapping) or not error.get(name)]
    return found + [Problem(Fault.MISSING, f"error.{name}", "mainError", name) for name in missing]
