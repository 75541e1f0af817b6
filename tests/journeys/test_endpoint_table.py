"""The endpoint table's generator ends the build on a row it cannot hold exactly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = (ROOT / "src/access/mlflow-endpoints.csv").read_text()


def generate(table: str, folder: Path) -> tuple[int, str]:
    (folder / "table.csv").write_text(table)
    target = folder / "table.cpp"
    target.unlink(missing_ok=True)
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "src/access/make_endpoint_table.py"),
            str(folder / "table.csv"),
            str(target),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert target.exists() == (done.returncode == 0)
    return done.returncode, done.stderr


def test_the_table_itself(test_folder: Path) -> None:
    assert generate(TABLE, test_folder) == (0, "")
    # Reproducible: the same table gives the same text.
    first = (test_folder / "table.cpp").read_text()
    generate(TABLE, test_folder)
    assert (test_folder / "table.cpp").read_text() == first


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("api,GET,/x,op,read,run,,,,,flask", "not 12 columns"),
        ("api,GET,/x,op,read,run,,,,,flask,,more", "not 12 columns"),
        ("apis,GET,/x,op,read,run,,,,,flask,", "prefixes is 'apis'"),
        ("api,get,/x,op,read,run,,,,,flask,", "method is 'get'"),
        ("api,GET,/x,op,reed,run,,,,,flask,", "access is 'reed'"),
        ("api,GET,x,op,read,run,,,,,flask,", "does not begin with /"),
        ("api,GET,/x//y,op,read,run,,,,,flask,", "neither a literal nor a parameter"),
        ("api,GET,/x/{a,op,read,run,,,,,flask,", "neither a literal nor a parameter"),
        ("api,GET,/x/{a}/{a},op,read,run,,,,,flask,", "a parameter's name is there twice"),
        ("api,GET,/x/{a}/{b}/{c}/{d},op,read,run,,,,,flask,", "more than 3 parameters"),
        ("api,GET,/x/{a:path}/{b},op,read,run,,,,,flask,", "can be read two ways"),
        ("api,GET,/x/{a}:go/y,op,read,run,,,,,flask,", "only held in the last segment"),
        ("api,GET,/x,,read,run,,,,,flask,", "operation is empty"),
        ("api,GET,/x,op,read,run,z:a,,,,flask,", "scope key 'z:a'"),
        ("api,GET,/x,op,read,run,p:a,,,,flask,", "scope key p:a is not in the path"),
        ("root,POST,/graphql,other,read,graphql,,,,,flask,", "contradicts the earlier row graphql"),
    ],
)
def test_bad_rows(row: str, problem: str, test_folder: Path) -> None:
    code, said = generate(f"{TABLE.rstrip()}\n{row}\n", test_folder)
    assert code == 1
    assert problem in said


def test_renamed_columns_and_missing_operations(test_folder: Path) -> None:
    assert "the columns are not" in generate(TABLE.replace("scope_key", "scope", 1), test_folder)[1]
    without = TABLE.replace(",getRunArtifact,", ",getOtherArtifact,")
    assert "no row for getRunArtifact" in generate(without, test_folder)[1]
