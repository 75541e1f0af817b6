from __future__ import annotations

from .login import run

run()
