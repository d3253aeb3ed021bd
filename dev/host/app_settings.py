"""Application settings: the environment, `local.settings.json` below it, and what the platform adds by itself."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from dev.host.errors import BindingError, ConfigurationError

_REFERENCE = re.compile(r"%([^%]+)%")


def load_local_settings(app_folder: Path) -> None:
    """Put the "Values" of local.settings.json into the environment, below what is already there, as Core Tools do.

    https://learn.microsoft.com/azure/azure-functions/functions-develop-local#local-settings-file
    """
    path = app_folder / "local.settings.json"
    if not path.exists():
        return
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ConfigurationError(f"local.settings.json is not valid JSON: {error}") from error
    if document.get("IsEncrypted"):
        raise ConfigurationError("local.settings.json is encrypted. Run: func settings decrypt")
    for name, value in document.get("Values", {}).items():
        os.environ.setdefault(name, str(value))


def add_platform_settings(port: int) -> None:
    """What the platform would set for a deployed app, where nobody set it."""
    address = f"127.0.0.1:{port}"
    platform = {
        "WEBSITE_HOSTNAME": address,
        # An app builds https://{WEBSITE_HOSTNAME} for itself, but nothing here terminates TLS.
        "PREFILL_PUBLIC_URL": f"http://{address}",
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "FUNCTIONS_EXTENSION_VERSION": "~4",
        # Shortens the queues' polling pause to 2 s, as under Core Tools.
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
    }
    for name, value in platform.items():
        os.environ.setdefault(name, value)


def resolve(text: str, settings: Mapping[str, str]) -> str:
    """Replace each %SETTING% by its value. The worker does not: the host does, before it starts a listener.

    https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns#binding-expressions---app-settings
    """

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in settings:
            raise BindingError(f"'%{name}%' does not resolve to a value: set the application setting {name}")
        return settings[name]

    return _REFERENCE.sub(value_of, text)


def is_disabled(function: str, settings: Mapping[str, str]) -> bool:
    """Whether AzureWebJobs.<function>.Disabled is set; on Linux the dots may be written as underscores.

    https://learn.microsoft.com/azure/azure-functions/disable-function
    """
    names = (f"AzureWebJobs.{function}.Disabled", f"AzureWebJobs_{function}_Disabled")
    return any(settings.get(name, "").lower() in {"true", "1"} for name in names)
