"""`python -m dev.graph_schema.extract`: write v1.0.json and beta.json from the installed SDKs.

With `--permissions FILE` (Microsoft's permissions.json, plain or .gz) write permissions.json instead.
https://github.com/microsoftgraph/microsoft-graph-devx-content/blob/master/permissions/new/permissions.json
"""

import argparse
import gzip
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dev.graph_schema.addresses import ADDRESSES, FAMILIES, TYPES
from dev.graph_schema.generated import Endpoint, Field, GeneratedClient, Ref
from dev.graph_schema.schema import path_key

FOLDER = Path(__file__).parent
SOURCES = {"v1.0": ("msgraph-sdk", "msgraph"), "beta": ("msgraph-beta-sdk", "msgraph_beta")}
"""API version to the distribution that describes it and its package."""


def main() -> int:
    """Write the files; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m dev.graph_schema.extract", description=__doc__)
    parser.add_argument("--permissions", type=Path, metavar="FILE", help="Microsoft's permissions.json, or .gz of it")
    arguments = parser.parse_args()
    if arguments.permissions:
        _write("permissions.json", permissions(read_reference(arguments.permissions)))
        return 0
    for api in SOURCES:
        _write(f"{api}.json", described(api))
    return 0


def _write(name: str, value: Mapping[str, Any]) -> None:
    (FOLDER / name).write_text(as_text(value), encoding="utf-8")
    print(f"wrote {FOLDER / name}")


def as_text(value: Mapping[str, Any]) -> str:
    """Return a file's content: sorted, one fact a line, so that a new SDK shows as a readable difference."""
    return json.dumps(value, indent=1, sort_keys=True) + "\n"


# --- types and addresses ---------------------------------------------------------------------------------------------


def described(api: str) -> dict[str, Any]:
    """Return types, enums and addresses of one API version as its installed SDK has them. Raises ImportError."""
    distribution, package = SOURCES[api]
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f"{distribution} is not installed; `make test` installs it")
    client = GeneratedClient(Path(spec.submodule_search_locations[0]) / "generated")
    found = {address: endpoint for address in ADDRESSES if (endpoint := client.endpoint(address))}
    types = _with_bases(client, _wanted(client, found))
    fields = {ref: client.fields(ref) for ref in types}
    return {
        "source": {"distribution": distribution, "version": version(distribution)},
        "addresses": {address: _address(address, endpoint) for address, endpoint in found.items()},
        "types": {ref.odata_name: _type(client.base(ref), fields[ref]) for ref in types},
        "enums": {ref.odata_name: client.members(ref) for ref in _enums(fields)},
    }


def _wanted(client: GeneratedClient, endpoints: Mapping[str, Endpoint]) -> set[Ref]:
    """Return the types that addresses take and give, the elements of their lists, and those named in `addresses`."""
    spoken = {
        ref
        for address, endpoint in endpoints.items()
        for method in ADDRESSES[address]
        for ref in endpoint.methods[method]
        if ref
    }
    listed = {value.type for ref in spoken if (value := client.fields(ref).get("value")) and value.type}
    roots = {client.model(name) for name in FAMILIES}
    families = {derived for root in roots if root for derived in client.derived(root)}
    return spoken | listed | families | {ref for name in TYPES if (ref := client.model(name))}


def _with_bases(client: GeneratedClient, refs: Iterable[Ref]) -> list[Ref]:
    found: dict[str, Ref] = {}
    waiting = list(refs)
    while waiting:
        ref = waiting.pop()
        if found.setdefault(ref.odata_name, ref) != ref:
            raise ValueError(f"two types are called {ref.odata_name}")
        base = client.base(ref)
        if base and base.odata_name not in found:
            waiting.append(base)
    return list(found.values())


def _enums(fields: Mapping[Ref, Mapping[str, Field]]) -> set[Ref]:
    return {field.type for own in fields.values() for field in own.values() if field.kind == "enum" and field.type}


def _type(base: Ref | None, fields: Mapping[str, Field]) -> dict[str, Any]:
    """Return a type without what it inherits from `base`."""
    return {
        "base": base.odata_name if base else None,
        "properties": {name: _kind(field) for name, field in fields.items() if name != "@odata.type"},
    }


def _kind(field: Field) -> str:
    """Write `string`, `enum x` or `object y`, in brackets for a list."""
    text = f"{field.kind} {field.type.odata_name}" if field.type else field.kind
    return f"[{text}]" if field.many else text


def _address(address: str, endpoint: Endpoint) -> dict[str, Any]:
    methods = {
        method: {"body": body.odata_name if body else None, "answer": answer.odata_name if answer else None}
        for method, (body, answer) in endpoint.methods.items()
        if method in ADDRESSES[address]
    }
    return {"template": endpoint.template, "options": list(endpoint.options), "methods": methods}


# --- permissions -----------------------------------------------------------------------------------------------------


def read_reference(path: Path) -> dict[str, Any]:
    """Read Microsoft's permission reference."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    value: dict[str, Any] = json.loads(raw)
    return value


def permissions(reference: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return application permissions by `METHOD /address`, least privileged first, without addresses that have none.

    The reference grades each permission (`privilegeLevel`) and marks the least privileged ones of an address.
    """
    opened = _opened(reference["permissions"])
    calls = {
        f"{method} {address}": (method, path_key(address)) for address in ADDRESSES for method in ADDRESSES[address]
    }
    return {call: [name for _, _, name in sorted(opened[found])] for call, found in calls.items() if found in opened}


def _opened(reference: Mapping[str, Any]) -> dict[tuple[str, str], set[tuple[int, bool, str]]]:
    """Return what opens each method and address: (grade, not marked as the least privileged, name)."""
    opened: dict[tuple[str, str], set[tuple[int, bool, str]]] = {}
    for name, permission in reference.items():
        grade = permission["schemes"].get("Application", {}).get("privilegeLevel", 0)
        for paths in permission["pathSets"]:
            if "Application" in paths["schemeKeys"]:
                for path, remark in paths["paths"].items():
                    least, also = _read_remark(remark)
                    if also:
                        continue  # opens the address only together with another permission
                    for method in paths["methods"]:
                        opened.setdefault((method, path_key(path)), set()).add((grade, not least, name))
    return opened


def _read_remark(remark: str) -> tuple[bool, bool]:
    """Return whether a permission is the least privileged for applications, and whether it needs another one."""
    parts = dict(part.split("=", maxsplit=1) for part in remark.split(";") if part)
    return "Application" in parts.get("least", "").split(","), "AlsoRequires" in parts


if __name__ == "__main__":
    raise SystemExit(main())
