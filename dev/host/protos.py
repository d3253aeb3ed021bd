"""The message classes the worker library asks its host for, as plain Python.

The worker never imports protobuf: it builds and reads messages through the object it is handed at initialisation
(`request.properties["protos"]`). These are the names it uses for HTTP, queue and timer functions; an argument that is
left out has protobuf's default. Source: FunctionRpc.proto, azure-functions-language-worker-protobuf.
"""

from enum import IntEnum
from types import SimpleNamespace
from typing import Any


class Message(SimpleNamespace):
    """A message without rules of its own: its fields are its keyword arguments."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)


class OneOf:
    """A message that holds one of several fields and can name the one it holds."""

    def __init__(self, **field: Any) -> None:
        self.kind = next(iter(field), None)
        self.__dict__.update(field)

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802, ARG002 - protobuf's own signature
        return self.kind


class TypedData(OneOf):
    """One value on its way to or from the worker: string, json, bytes, http, int or double."""


class ParameterBinding:
    """A value and the parameter it is bound to."""

    def __init__(self, *, name: str, data: Any) -> None:
        self.name = name
        self.data = data

    def WhichOneof(self, group: str) -> str:  # noqa: N802, ARG002 - protobuf's own signature
        return "data"


class StatusResult(Message):
    Failure = 0
    Success = 1


class RpcException(Message):
    """An exception that crossed from the worker: `message` is "Type: text", `stack_trace` the whole traceback."""


class BindingInfo(Message):
    """Direction of a binding, and its data type (`undefined` unless the decorator says)."""

    out = 1
    inout = 2
    undefined = 0


setattr(BindingInfo, "in", 0)  # a keyword in Python, a name in the .proto


class RpcHttpCookie(Message):
    SameSite = IntEnum("SameSite", {"None": 0, "Lax": 1, "Strict": 2, "ExplicitNone": 3})


class RpcHttp(Message):
    """A request (method, url, headers, params, query, body) or a response (status_code, headers, cookies, body)."""


class InvocationResponse(Message):
    def __init__(self, *, return_value: Any = None, output_data: Any = (), **fields: Any) -> None:
        super().__init__(return_value=return_value, output_data=output_data, **fields)


class FunctionLoadResponse(Message): ...


class FunctionMetadataResponse(Message): ...


class NullableBool(Message): ...


class NullableDouble(Message): ...


class NullableString(Message): ...


class NullableTimestamp(Message): ...


class RpcFunctionMetadata(Message): ...


class RpcRetryOptions(Message): ...


class Timestamp(Message): ...


class WorkerInitResponse(Message): ...


class WorkerMetadata(Message): ...
