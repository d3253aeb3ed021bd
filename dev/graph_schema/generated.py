"""Read types and request builders from the source of a generated Graph client, without importing it.

Importing one model of msgraph-sdk imports 1,200 modules; the same facts stand in each file's syntax tree.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

KINDS = {
    "get_str_value": "string",
    "get_bool_value": "boolean",
    "get_int_value": "integer",
    "get_float_value": "number",
    "get_datetime_value": "dateTime",
    "get_date_value": "date",
    "get_time_value": "time",
    "get_timedelta_value": "duration",
    "get_uuid_value": "uuid",
    "get_bytes_value": "binary",
    "get_enum_value": "enum",
    "get_object_value": "object",
    "get_collection_of_enum_values": "enum",
    "get_collection_of_object_values": "object",
}
"""The reader's method in a deserializer to the kind of value it reads."""

PRIMITIVES = {"str": "string", "bool": "boolean", "int": "integer", "float": "number", "UUID": "uuid"}
"""Python's name of an element of a primitive collection to its kind."""

BUILDER_METHODS = {"get": "GET", "post": "POST", "patch": "PATCH", "put": "PUT", "delete": "DELETE"}


@dataclass(frozen=True, slots=True)
class Ref:
    """A class of the client: the folders and file below its root, and the class name."""

    module: tuple[str, ...]
    name: str

    @property
    def odata_name(self) -> str:
        """The type's name in Graph, without a namespace."""
        return self.name[0].lower() + self.name[1:]


@dataclass(frozen=True, slots=True)
class Field:
    """One property: `kind` as in KINDS, the type of an enum or object, and whether it is a list of them."""

    kind: str
    type: Ref | None = None
    many: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One request builder: its URL template, query options, and body and answer type of each HTTP method."""

    template: str
    options: tuple[str, ...]
    methods: dict[str, tuple[Ref | None, Ref | None]]


@dataclass(frozen=True)
class Module:
    """One parsed file."""

    path: tuple[str, ...]
    tree: ast.Module

    @cached_property
    def imports(self) -> dict[str, Ref]:
        """Classes that the file imports from the client, wherever the import stands."""
        found = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.level and node.module:
                folder = self.path[: len(self.path) - node.level]
                for alias in node.names:
                    found[alias.name] = Ref((*folder, *node.module.split(".")), alias.name)
        return found

    def named(self, name: str) -> ast.ClassDef:
        """Return the class of that name. Raises LookupError."""
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                return node
        raise LookupError(f"{'/'.join(self.path)} has no class {name}")


@dataclass
class GeneratedClient:
    """The source of one generated client below `root` (…/msgraph/generated)."""

    root: Path
    _modules: dict[tuple[str, ...], Module] = field(default_factory=dict)

    def module(self, path: tuple[str, ...]) -> Module:
        """Return the parsed file at a path without `.py`. Raises FileNotFoundError."""
        if path not in self._modules:
            source = self.root.joinpath(*path).with_suffix(".py").read_text(encoding="utf-8")
            self._modules[path] = Module(path, ast.parse(source))
        return self._modules[path]

    def model(self, name: str) -> Ref | None:
        """Return a model by `Class` or `Folder.Class`, or None if this version lacks it."""
        *folders, last = name.split(".")
        path = ("models", *map(snake, folders), snake(last))
        return Ref(path, last) if self.root.joinpath(*path).with_suffix(".py").is_file() else None

    def base(self, ref: Ref) -> Ref | None:
        """Return the model that a model derives from, if any."""
        module = self.module(ref.module)
        names = [base.id for base in module.named(ref.name).bases if isinstance(base, ast.Name)]
        return next((module.imports[name] for name in names if name in module.imports), None)

    def members(self, ref: Ref) -> tuple[str, ...] | None:
        """Return the words of an enum, or None for another class."""
        node = self.module(ref.module).named(ref.name)
        if not any(isinstance(base, ast.Name) and base.id == "Enum" for base in node.bases):
            return None
        values = [statement.value for statement in node.body if isinstance(statement, ast.Assign)]
        words = [ast.literal_eval(value) for value in values]
        return tuple(word[0] if isinstance(word, tuple) else word for word in words)

    def fields(self, ref: Ref) -> dict[str, Field]:
        """Return the JSON names that a model itself declares, from its `get_field_deserializers`."""
        module = self.module(ref.module)
        function = _function(module.named(ref.name), "get_field_deserializers")
        tables = [node for node in ast.walk(function) if isinstance(node, ast.Dict)]
        found = {}
        for table in tables:
            for key, value in zip(table.keys, table.values, strict=True):
                if not isinstance(key, ast.Constant) or not isinstance(value, ast.Lambda):
                    raise TypeError(f"{ref.name}: an entry that is no literal name and lambda")
                found[str(key.value)] = _field(module, value)
        return found

    def derived(self, ref: Ref) -> Iterator[Ref]:
        """Return the types that a model's discriminator distinguishes, itself not included."""
        module = self.module(ref.module)
        function = _function(module.named(ref.name), "create_from_discriminator_value")
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Call):
                made = node.value.func
                if isinstance(made, ast.Name) and made.id != ref.name:
                    yield module.imports[made.id]

    def endpoint(self, address: str) -> Endpoint | None:
        """Return the request builder of an address such as `/users/{id}`, or None if this version lacks it."""
        folders = ["item" if part.startswith("{") else snake(part) for part in address.strip("/").split("/")]
        files = sorted(self.root.joinpath(*folders).glob("*_request_builder.py"))
        if not files:
            return None
        module = self.module((*folders, files[0].stem))
        node = next(node for node in module.tree.body if isinstance(node, ast.ClassDef))
        template = next(_templates(node))
        options = re.search(r"\{\?([^}]*)\}", template)
        names = tuple(options[1].replace("%24", "$").split(",")) if options else ()
        return Endpoint(template, names, dict(_methods(module, node)))


def snake(name: str) -> str:
    """Return the file name of a class or path segment, as the generator writes it."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _function(node: ast.ClassDef, name: str) -> ast.FunctionDef:
    return next(item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == name)


def _field(module: Module, deserializer: ast.Lambda) -> Field:
    """Read the property from `lambda n : setattr(self, 'name', n.get_…_value(Type))`."""
    match deserializer.body:
        case ast.Call(args=[_, _, ast.Call(func=ast.Attribute(attr=reader), args=arguments)]):
            pass
        case _:
            raise TypeError(f"a deserializer of an unknown form: {ast.unparse(deserializer)}")
    names = [argument.id for argument in arguments if isinstance(argument, ast.Name)]
    if reader == "get_collection_of_primitive_values":
        return Field(PRIMITIVES[names[0]], many=True)
    kind = KINDS[reader]
    return Field(kind, module.imports[names[0]] if names else None, many="collection" in reader)


def _templates(node: ast.ClassDef) -> Iterator[str]:
    for item in ast.walk(node):
        if isinstance(item, ast.Constant) and isinstance(item.value, str) and item.value.startswith("{+baseurl}"):
            yield item.value


def _methods(module: Module, node: ast.ClassDef) -> Iterator[tuple[str, tuple[Ref | None, Ref | None]]]:
    for item in node.body:
        if isinstance(item, ast.AsyncFunctionDef) and item.name in BUILDER_METHODS:
            body = next((argument.annotation for argument in item.args.args if argument.arg == "body"), None)
            yield BUILDER_METHODS[item.name], (_annotated(module, body), _annotated(module, item.returns))


def _annotated(module: Module, annotation: ast.expr | None) -> Ref | None:
    """Return the model in an annotation such as `Optional[User]`, or None for `None` and `bytes`."""
    names = [node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)] if annotation else []
    return next((module.imports[name] for name in names if name in module.imports), None)
