"""Read the committed files: types, enums, addresses and permissions of Graph. No SDK is imported."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from dev.graph_schema.documented import (
    COMBINED_PERMISSIONS,
    DOCUMENTED_ENUMS,
    DOCUMENTED_TYPES,
    SENT_ANYWAY,
    UNLISTED_PERMISSIONS,
)

FOLDER = Path(__file__).parent
VERSIONS = ("v1.0", "beta")


class NotDescribed(LookupError):
    """A type, enum or address that the files do not hold."""


@dataclass(frozen=True, slots=True)
class Property:
    """What a property may hold: `kind` as in `generated.KINDS` or `any`, and the name of its enum or type."""

    kind: str
    type: str = ""
    many: bool = False


@dataclass(frozen=True, slots=True)
class Type:
    """A type with everything it inherits. `sent_anyway`: in answers although undeclared."""

    name: str
    base: str | None
    properties: Mapping[str, Property]
    required: frozenset[str]
    sent_anyway: Mapping[str, Property]


@dataclass(frozen=True, slots=True)
class Address:
    """One address: its query options, and the types of body and answer by HTTP method ("" for none)."""

    template: str
    options: frozenset[str]
    bodies: Mapping[str, str]
    answers: Mapping[str, str]


class Schema:
    """One API version."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw
        self._types: dict[str, Type] = {}
        self._derived: dict[str, tuple[str, ...]] = {}

    @staticmethod
    def v1() -> "Schema":
        """Return the schema of Microsoft Graph v1.0."""
        return Schema.of("v1.0")

    @staticmethod
    def beta() -> "Schema":
        """Return the schema of Microsoft Graph beta."""
        return Schema.of("beta")

    @staticmethod
    @lru_cache(maxsize=len(VERSIONS))
    def of(version: str) -> "Schema":
        """Return the schema of an API version. Raises ValueError for an unknown one."""
        if version not in VERSIONS:
            raise ValueError(f"{version!r}: give one of {VERSIONS}")
        return Schema(json.loads((FOLDER / f"{version}.json").read_text(encoding="utf-8")))

    @property
    def type_names(self) -> frozenset[str]:
        """Names of all described types."""
        return frozenset(self._raw["types"]) | frozenset(DOCUMENTED_TYPES)

    def type(self, name: str) -> Type:
        """Return a type by its name without a namespace. Raises NotDescribed."""
        if name not in self._types:
            self._types[name] = self._read(name)
        return self._types[name]

    def _read(self, name: str) -> Type:
        documented = DOCUMENTED_TYPES.get(name)
        if documented:
            base, own, required = None, documented.properties, documented.required
        elif name in self._raw["types"]:
            found = self._raw["types"][name]
            base, own, required = found["base"], found["properties"], frozenset[str]()
        else:
            raise NotDescribed(f"the type {name} is not described; add it to dev/graph_schema/addresses.py")
        inherited = self.type(base) if base else None
        extra = {item.name: _property(item.kind) for item in SENT_ANYWAY if item.type == name}
        declared = {key: _property(text) for key, text in own.items()}
        if name == ENTITY:
            required = frozenset({"id"})
        if inherited is None:
            return Type(name, base, declared, required, extra)
        return Type(
            name,
            base,
            {**inherited.properties, **declared},
            inherited.required | required,
            {**inherited.sent_anyway, **extra},
        )

    def enum(self, name: str) -> tuple[str, ...]:
        """Return the words of an enum. Raises NotDescribed."""
        words = self._raw["enums"].get(name) or DOCUMENTED_ENUMS.get(name)
        if words is None:
            raise NotDescribed(f"the enum {name} is not described")
        return tuple(words)

    def is_declared(self, type_name: str, property_name: str) -> bool:
        """Return whether a type declares or inherits a property of exactly this spelling."""
        return property_name in self.type(type_name).properties

    def is_a(self, name: str | None, base: str) -> bool:
        """Return whether a type is `base` or derives from it."""
        while name and name != base:
            name = self.type(name).base
        return name == base

    def derived(self, base: str) -> tuple[str, ...]:
        """Return the described types that derive from `base`, itself included, sorted by name."""
        if base not in self._derived:
            self._derived[base] = tuple(sorted(name for name in self.type_names if self.is_a(name, base)))
        return self._derived[base]

    def address(self, path: str) -> Address | None:
        """Return the address of a path with parameters in braces, or None if this version lacks it."""
        return self._addresses.get(path_key(path))

    @cached_property
    def _addresses(self) -> dict[str, Address]:
        return {path_key(path): _address(values) for path, values in self._raw["addresses"].items()}


ENTITY = "entity"
"""The base of everything with an `id`, which is its key: https://learn.microsoft.com/graph/api/resources/entity"""


def _property(text: str) -> Property:
    kind, _, name = text.strip("[]").partition(" ")
    return Property(kind, name, text.startswith("["))


def _address(values: Mapping[str, Any]) -> Address:
    methods: Mapping[str, Mapping[str, str | None]] = values["methods"]
    return Address(
        values["template"],
        frozenset(values["options"]),
        {method: types["body"] or "" for method, types in methods.items()},
        {method: types["answer"] or "" for method, types in methods.items()},
    )


def path_key(path: str) -> str:
    """Return a path in lower case and without the names of its parameters."""
    parts = path.lower().strip("/").split("/")
    return "/".join("{}" if part.startswith("{") else part for part in parts)


@lru_cache(maxsize=1)
def _permissions() -> dict[tuple[str, str], tuple[frozenset[str], ...]]:
    listed: dict[str, Sequence[str]] = json.loads((FOLDER / "permissions.json").read_text(encoding="utf-8"))
    listed |= {call: names for call, (names, _) in UNLISTED_PERMISSIONS.items()}
    every = {call: tuple(frozenset({name}) for name in names) for call, names in listed.items()}
    every |= {call: sets for call, (sets, _) in COMBINED_PERMISSIONS.items()}
    return {_call_key(call): sets for call, sets in every.items()}


def _call_key(call: str) -> tuple[str, str]:
    method, _, path = call.partition(" ")
    return method, path_key(path)


def permissions(method: str, path: str) -> tuple[frozenset[str], ...]:
    """Return the sets of application permissions that open a call, least privileged first. Raises NotDescribed."""
    found = _permissions().get((method, path_key(path)))
    if found is None:
        raise NotDescribed(f"no permission is known for {method} {path}")
    return found
