"""The program as a person or a script calls it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from programs import environment, signet_binary
from signet_process import plain_app


@pytest.mark.parametrize("command", ["version", "check", "--help"])
def test_output_that_cannot_be_written_is_no_success(tmp_path: Path, command: str) -> None:
    words: list[str | Path] = [signet_binary(), command]
    if command == "check":
        file = tmp_path / "signet.yaml"
        document = {
            "apps": [plain_app("http://127.0.0.1:1")],
            "state": {"sqlite": str(tmp_path / "state.db")},
            "spool": {"directory": str(tmp_path / "spool")},
        }
        file.write_text(yaml.safe_dump(document))
        words += ["--config", file]
    good = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            words, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "signet: cannot write to standard output\n")
