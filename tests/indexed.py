"""The functions of function_app.py, as the worker indexes them. A FunctionApp can be asked only once in a process."""

import functools
from typing import Any

import function_app


@functools.cache
def bindings() -> tuple[dict[str, Any], ...]:
    """Every binding of every function."""
    functions = function_app.app.get_functions()
    return tuple(binding.get_dict_repr() for function in functions for binding in function.get_bindings())
