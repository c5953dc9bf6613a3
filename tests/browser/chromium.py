"""What a real browser sees in a page."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent


def look_at(page: Path) -> dict[str, Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    node = shutil.which("node")
    missing = [
        name
        for name, there in {
            "chromium": chromium,
            "node": node,
            "npm install --prefix tests/browser --no-package-lock": (HERE / "node_modules" / "axe-core").is_dir(),
        }.items()
        if not there
    ]
    if missing and os.environ.get("CI"):
        pytest.fail(f"CI must have {', '.join(missing)}")
    if missing:
        pytest.skip(f"a laptop without {', '.join(missing)}; CI runs it always")
    words = [str(node), str(HERE / "check_page.mjs"), str(chromium), str(page)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts
