"""What Microsoft's generated SDKs know of an address: the judge of every request, written by nobody here.

The request builders of msgraph-sdk (v1.0) and msgraph-beta-sdk (beta) are made from Graph's own metadata. An address is
walked along them: each segment must be a property or an item of the builder before it. The last builder tells which
methods, query options, body and answer there are.
"""

import inspect
import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import unquote, urlsplit

import msgraph
import msgraph_beta
from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from kiota_http.httpx_request_adapter import HttpxRequestAdapter

ROOTS = {
    "v1.0": (msgraph.GraphServiceClient, "msgraph.generated.models"),
    "beta": (msgraph_beta.GraphServiceClient, "msgraph_beta.generated.models"),
}
DIRECTORY_OBJECTS = ("group", "directory_role", "administrative_unit")
"""What a list of directory objects about a user's memberships may hold."""


class NotInTheMetadata(AssertionError):
    """Microsoft's metadata knows no such thing."""


@dataclass(frozen=True)
class Operation:
    """One method of one address. `body`: the declared properties; None: it takes none. `selectable`: of its answer."""

    options: frozenset[str]
    body: frozenset[str] | None
    selectable: frozenset[str]


def operation(version: str, method: str, url: str) -> Operation:
    """Raises NotInTheMetadata. `url` is relative to the version: `/users/{id}?$select=id`."""
    client, models = ROOTS[version]
    builder: Any = client(request_adapter=HttpxRequestAdapter(AnonymousAuthenticationProvider()))
    for segment in _segments(url):
        builder = _next(builder, segment)
    make = getattr(builder, f"to_{method.lower()}_request_information", None)
    if make is None:
        raise NotInTheMetadata(f"{method} {url}")
    body = inspect.signature(make).parameters.get("body")
    answer = inspect.signature(getattr(builder, method.lower())).return_annotation
    return Operation(
        options=frozenset(re.findall(r"%24(\w+)", builder.url_template)),
        body=_properties(builder, models, str(body.annotation)) if body else None,
        selectable=_selectable(builder, models, str(answer)),
    )


def _segments(url: str) -> list[str]:
    return [unquote(segment) for segment in urlsplit(url).path.strip("/").split("/")]


def _next(builder: Any, segment: str) -> Any:
    name = _snake(segment.removesuffix("()"))
    if isinstance(getattr(type(builder), name, None), property):
        return getattr(builder, name)
    items = [getattr(builder, name) for name in dir(builder) if re.fullmatch(r"by_\w+", name)]
    if len(items) != 1:
        raise NotInTheMetadata(f"{segment} after {type(builder).__name__}")
    return items[0](segment)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def _class_name(annotation: str) -> str:
    return re.sub(r"Optional\[|\]|'", "", annotation)


def _model(builder: Any, models: str, annotation: str) -> Any:
    """An instance of the class: a model of the whole, or one of this builder's own."""
    name = _class_name(annotation)
    package = type(builder).__module__.rpartition(".")[0]
    for module in (f"{models}.{_snake(name)}", f"{package}.{_snake(name)}"):
        try:
            return getattr(import_module(module), name)()
        except ModuleNotFoundError:
            continue
    raise NotInTheMetadata(name)


def _properties(builder: Any, models: str, annotation: str) -> frozenset[str]:
    return frozenset(_model(builder, models, annotation).get_field_deserializers())


def _selectable(builder: Any, models: str, annotation: str) -> frozenset[str]:
    name = _class_name(annotation)
    if name in ("None", "bytes"):
        return frozenset()
    if name == "DeltaGetResponse":
        name = "User"
    if name == "DirectoryObjectCollectionResponse":
        found = (import_module(f"{models}.{kind}") for kind in DIRECTORY_OBJECTS)
        kinds = ("".join(part.title() for part in kind.split("_")) for kind in DIRECTORY_OBJECTS)
        return frozenset().union(
            *(getattr(module, kind)().get_field_deserializers() for module, kind in zip(found, kinds, strict=True))
        )
    return _properties(builder, models, name.removesuffix("CollectionResponse"))
