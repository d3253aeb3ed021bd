"""What can stop this host, or one of its functions, from starting.

HostError
├── IndexingError          the app could not be imported or indexed
├── ConfigurationError     host.json or local.settings.json holds something the host refuses
└── BindingError           one function cannot be bound; the others run
"""


class HostError(Exception):
    """The base of them all; its text is meant for the person at the terminal."""


class ConfigurationError(HostError):
    """host.json, local.settings.json or a setting holds a value the host refuses."""


class BindingError(HostError):
    """A function's binding cannot be used as written."""


class IndexingError(HostError):
    """The worker could not import or index the app; `stack_trace` is the worker's own."""

    def __init__(self, message: str, stack_trace: str = "") -> None:
        super().__init__(message)
        self.stack_trace = stack_trace
