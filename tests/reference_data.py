"""Microsoft's machine-made reference data beside the checkout, where there is any. It is no part of the project."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "shared" / "data"
PERMISSIONS = FOLDER / "graph-permissions.json.gz"
CSDL = FOLDER / "graph-v1.0-Prod.csdl.gz"

needs_reference = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"Microsoft's metadata and permission reference are not at {FOLDER}"
)
