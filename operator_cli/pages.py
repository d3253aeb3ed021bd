"""Pages saved for a browser: it cannot send the function key in a header, and a key has no business in an address."""

import os
from pathlib import Path

import typer

OWNER_ONLY = 0o600


def save(path: Path, html: str) -> None:
    """Readable by its owner alone: the page names people by id. Raises BadParameter where nothing can be written."""
    try:
        with open(path, "w", encoding="utf-8", opener=_for_owner) as file:
            file.write(html)
    except OSError as error:
        raise typer.BadParameter(f"cannot write {path}: {error.strerror}") from error
    typer.echo(f"saved: {path.resolve().as_uri()}")


def _for_owner(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, OWNER_ONLY)
    os.fchmod(descriptor, OWNER_ONLY)  # also where the file was there before
    return descriptor
