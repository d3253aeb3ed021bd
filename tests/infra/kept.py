"""What is in git of the compiler's output."""

import json
from pathlib import Path
from typing import Any


def kept(path: Path) -> Any:
    return json.loads(path.read_text())
