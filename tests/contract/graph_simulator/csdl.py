"""Microsoft's v1.0 metadata document (CSDL) as a judge of answers. It resolves paths by itself, so it shares no table
with the simulator or with `dev.graph_schema`.

https://docs.oasis-open.org/odata/odata-csdl-xml/v4.01/odata-csdl-xml-v4.01.html
"""

import gzip
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote
from xml.etree import ElementTree as ET

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
NAMESPACE, ALIAS = "microsoft.graph.", "graph."
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class Slot:
    """A property or a result: the name of its type, whether it is a list, whether it may be null."""

    type: str
    many: bool
    nullable: bool


@dataclass(frozen=True)
class Structure:
    """An entity or complex type on its own."""

    base: str
    key: str
    slots: Mapping[str, Slot]


@dataclass
class Csdl:
    """The document's types, enums, bound operations and top-level sets, without namespaces."""

    structures: dict[str, Structure] = field(default_factory=dict)
    enums: dict[str, set[str]] = field(default_factory=dict)
    roots: dict[str, Slot] = field(default_factory=dict)
    operations: dict[tuple[str, str], Slot] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Parse a gzipped document; only the namespace microsoft.graph counts."""
        root = ET.fromstring(gzip.decompress(path.read_bytes()))  # noqa: S314 (the document is Microsoft's)
        found = cls()
        for schema in root.iter(f"{EDM}Schema"):
            if schema.get("Namespace") == "microsoft.graph":
                found._read(schema)
        return found

    def _read(self, schema: ET.Element) -> None:
        for node in schema:
            name = node.get("Name", "")
            match node.tag.removeprefix(EDM):
                case "EntityType" | "ComplexType":
                    self.structures[name] = _structure(node)
                case "EnumType":
                    self.enums[name] = {member.get("Name", "") for member in node.iter(f"{EDM}Member")}
                case "Function" | "Action":
                    self._operation(name, node)
                case "EntityContainer":
                    for each in node:
                        self.roots[each.get("Name", "")] = _root(each)

    def _operation(self, name: str, node: ET.Element) -> None:
        parameters, result = list(node.iter(f"{EDM}Parameter")), node.find(f"{EDM}ReturnType")
        if parameters and result is not None:
            bound = _slot(parameters[0])
            self.operations[name, bound.type] = _slot(result)

    # --- addresses ---------------------------------------------------------------------------------------------------

    def resolve(self, path: str) -> Slot:
        """What a path below the version leads to. Raises LookupError for a segment that the document lacks."""
        first, *rest = (unquote(segment).removesuffix("()") for segment in path.strip("/").split("/"))
        slot = self.roots[first]
        for segment in rest:
            slot = self._step(slot, segment)
        return slot

    def _step(self, slot: Slot, segment: str) -> Slot:
        for owner in self.lineage(slot.type):
            if (segment, owner) in self.operations:
                return self.operations[segment, owner]
            if not slot.many and segment in self.structures[owner].slots:
                return self.structures[owner].slots[segment]
        if slot.many:
            return Slot(slot.type, many=False, nullable=False)  # the segment is a key
        raise LookupError(f"{segment!r} is nothing of {slot.type}")

    def lineage(self, name: str) -> Iterator[str]:
        """A type and its bases, nearest first."""
        while name in self.structures:
            yield name
            name = self.structures[name].base

    # --- answers -----------------------------------------------------------------------------------------------------

    def problems(self, method: str, path: str, body: Mapping[str, Any], *, selected: bool) -> list[str]:
        """What is wrong with the body of a successful answer."""
        slot = self.resolve(path)
        if (slot.many and method == "GET") or isinstance(body.get("value"), list):
            if not isinstance(body.get("value"), list):
                return ["value: not a list"]
            return [
                text for n, item in enumerate(body["value"]) for text in self._value(slot, item, f"[{n}]", selected)
            ]
        return list(self._value(slot, body, "", selected))

    def _value(self, slot: Slot, value: object, where: str, selected: bool) -> Iterator[str]:
        if slot.type in self.enums:
            if value not in self.enums[slot.type]:
                yield f"{where}: not a word of {slot.type}"
        elif slot.type not in self.structures:
            if not _fits(slot.type, value):
                yield f"{where}: no {slot.type}"
        elif not isinstance(value, Mapping):
            yield f"{where}: no object"
        else:
            yield from self._object(slot.type, value, where, selected)

    def _object(self, name: str, value: Mapping[str, Any], where: str, selected: bool) -> Iterator[str]:
        actual = str(value.get("@odata.type", name)).removeprefix("#").removeprefix(NAMESPACE)
        lineage = list(self.lineage(actual))
        if name not in lineage:
            yield f"{where}: {actual} is no {name}"
            return
        slots = {key: slot for each in reversed(lineage) for key, slot in self.structures[each].slots.items()}
        keys = {self.structures[each].key for each in lineage} - {""}
        if not selected:
            yield from (f"{where}.{key}: the key is missing" for key in keys if value.get(key) is None)
        for key, item in value.items():
            if "@" not in key:
                yield from self._slot(slots.get(key), item, f"{where}.{key}", selected)

    def _slot(self, slot: Slot | None, item: object, where: str, selected: bool) -> Iterator[str]:
        if slot is None:
            yield f"{where}: not declared"
        elif item is None:
            if not slot.nullable and not slot.many:
                yield f"{where}: null"
        elif slot.many != isinstance(item, list):
            yield f"{where}: {'no list' if slot.many else 'a list'}"
        else:
            for element in item if isinstance(item, list) else [item]:
                yield from self._value(slot, element, where, selected)


def _structure(node: ET.Element) -> Structure:
    slots = {
        each.get("Name", ""): _slot(each) for each in node if each.tag in {f"{EDM}Property", f"{EDM}NavigationProperty"}
    }
    key = node.find(f"{EDM}Key/{EDM}PropertyRef")
    return Structure(_short(node.get("BaseType", "")), "" if key is None else key.get("Name", ""), slots)


def _root(node: ET.Element) -> Slot:
    return Slot(
        _short(node.get("EntityType", "") or node.get("Type", "")), node.tag == f"{EDM}EntitySet", nullable=False
    )


def _slot(node: ET.Element) -> Slot:
    text = node.get("Type", "")
    inside = re.fullmatch(r"Collection\((.*)\)", text)
    return Slot(_short(inside[1] if inside else text), inside is not None, node.get("Nullable") != "false")


def _short(name: str) -> str:
    return name.removeprefix(NAMESPACE).removeprefix(ALIAS)


def _fits(name: str, value: object) -> bool:
    match name:
        case "Edm.Boolean":
            return isinstance(value, bool)
        case "Edm.Int16" | "Edm.Int32" | "Edm.Int64":
            return isinstance(value, int) and not isinstance(value, bool)
        case "Edm.DateTimeOffset":
            return isinstance(value, str) and _has_offset(value)
        case "Edm.Guid":
            return isinstance(value, str) and GUID.fullmatch(value) is not None
        case _:
            return name.startswith("Edm.") and isinstance(value, str)


def _has_offset(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
