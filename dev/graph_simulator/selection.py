"""`$select` and `$filter`, judged by Microsoft's description of the type.

https://learn.microsoft.com/graph/query-parameters
"""

import re
from functools import lru_cache

from dev.graph_schema.schema import Schema
from dev.graph_simulator.errors import bad_request, unsupported_query
from dev.graph_simulator.exchange import GraphRequest, JsonObject

_EQUALS = re.compile(r"\s*(\w+)\s+eq\s+(?:'((?:[^']|'')*)'|(true|false|null))\s*")
_IN = re.compile(r"\s*(\w+)\s+in\s+\(([^)]*)\)\s*")
_LITERALS = {"true": True, "false": False, "null": None}


def selected(request: GraphRequest, type_name: str) -> tuple[str, ...]:
    """Return the properties that `$select` names, in Graph's spelling; () without `$select`.

    An undeclared name is a 400 ([assume: unknown-select-400]). What a derived type declares may be named as well
    ([assume: derived-select]).
    """
    names = [name.strip() for name in request.query.get("$select", "").split(",") if name.strip()]
    if not names:
        return ()
    declared = _spellings(request.version, type_name)
    for name in names:
        if name.casefold() not in declared:
            raise bad_request(
                "Parsing OData Select and Expand failed: Could not find a property named "
                f"'{name}' on type 'microsoft.graph.{type_name}'.",
                "BadRequest",
            )
    return tuple(declared[name.casefold()] for name in names)


@lru_cache(maxsize=64)
def _spellings(version: str, type_name: str) -> dict[str, str]:
    schema = Schema.of(version)
    return {name.casefold(): name for each in schema.derived(type_name) for name in schema.type(each).properties}


def project(request: GraphRequest, type_name: str, values: JsonObject, names: tuple[str, ...]) -> JsonObject:
    """Return only the named properties; one that was never set is null, a collection is empty."""
    declared = Schema.of(request.version).type(type_name).properties
    return {name: values.get(name, [] if name in declared and declared[name].many else None) for name in names}


def passes(values: JsonObject, text: str, type_name: str) -> bool:
    """Apply a `$filter` of `a eq 'b'` and `a in ('b','c')`, joined by or / and without brackets."""
    if not text.strip():
        return True
    if re.search(r"\sor\s", text):
        return any(passes(values, part, type_name) for part in re.split(r"\sor\s", text))
    return all(_clause(values, part, type_name) for part in re.split(r"\sand\s", text))


def _clause(values: JsonObject, text: str, type_name: str) -> bool:
    many, one = _IN.fullmatch(text), _EQUALS.fullmatch(text)
    found = many or one
    if found is None or not Schema.v1().is_declared(type_name, found[1]):
        raise unsupported_query(
            f"Unsupported or invalid query filter clause specified for property of resource '{type_name.capitalize()}'."
        )
    value = values.get(found[1])
    if many:
        return str(value).casefold() in {item.strip().strip("'").casefold() for item in many[2].split(",")}
    if found[3]:
        return value is _LITERALS[found[3]]
    return str(value if value is not None else "").casefold() == found[2].replace("''", "'").casefold()
