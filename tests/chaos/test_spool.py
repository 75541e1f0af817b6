"""A spool that is full, by its own limit or because the disk is."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripted_origin import Origin, Request, well
from signet_process import Signet, in_threads, signed_app
from waiting import until
from wire import ARTIFACT, Answer

Start = Callable[..., Signet]
MIB = 1 << 20
SMALL_SPOOL = {"spool": {"bytes": "1MiB"}}


def upload(signet: Signet, size: int, *, chunked: bool = False) -> Answer:
    body = bytes(size)
    pieces = (body[at : at + 65536] for at in range(0, size, 65536))
    return signet.ask("signed", ARTIFACT, "PUT", pieces if chunked else body)


def is_overloaded(answer: Answer) -> bool:
    refused = (answer.status, answer.refusal) == (503, "overloaded")
    return refused and int(answer.retry_after) > 0 and answer.whole


def causes(signet: Signet) -> set[str]:
    return {line["why"] for line in signet.told("request-refused")}


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_body_over_the_spool(start: Start, origin: Origin, chunked: bool) -> None:
    signet = start([signed_app(origin.url)], config=SMALL_SPOOL)
    answers = in_threads(4, lambda _: upload(signet, 8 * MIB, chunked=chunked))
    assert all(is_overloaded(answer) for answer in answers), answers
    assert signet.gauge("signet_refusals_total", reason="overloaded") == 4
    assert not origin.requests
    until("the spool is empty", lambda: signet.gauge("signet_spool_bytes") == 0)
    assert upload(signet, 700 * 1024, chunked=chunked).status == 200


def test_bodies_that_fill_the_spool_together(start: Start, origin: Origin) -> None:
    signet = start([signed_app(origin.url)], config=SMALL_SPOOL)
    go_on = threading.Event()

    def when_told(request: Request) -> bool:
        go_on.wait(60)
        return well(request)

    origin.behaviour = when_told
    first: list[Answer] = []
    sender = threading.Thread(target=lambda: first.append(upload(signet, 700 * 1024)), daemon=True)
    sender.start()
    until("the first is at the origin", lambda: origin.requests)
    assert signet.gauge("signet_spool_bytes") > 600 * 1024
    assert is_overloaded(upload(signet, 700 * 1024))
    assert is_overloaded(upload(signet, 700 * 1024, chunked=True))
    # What fits memory needs no spool.
    go_on.set()
    sender.join(60)
    assert first[0].status == 200
    until("the spool is empty", lambda: signet.gauge("signet_spool_bytes") == 0)
    assert upload(signet, 700 * 1024).status == 200
    assert signet.gauge("signet_refusals_total", reason="overloaded") == 2


def as_root(*command: str | Path) -> bool:
    words = [str(word) for word in command]
    for prefix in ([], ["sudo", "-n"]):
        done = subprocess.run([*prefix, *words], capture_output=True, check=False)
        if done.returncode == 0:
            return True
    return False


@pytest.fixture
def tiny_disk(test_folder: Path) -> Iterator[Path | None]:
    """A file system of 4 MiB; nothing where this user may not mount one."""
    image, mounted = test_folder / "disk.img", test_folder / "disk"
    mounted.mkdir(exist_ok=True)
    image.write_bytes(bytes(4 * MIB))
    made = as_root("mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^has_journal", image)
    if not made or not as_root("mount", "-o", "loop", image, mounted):
        image.unlink()
        yield None
        return
    as_root("chmod", "0777", mounted)
    yield mounted
    assert as_root("umount", mounted), "something keeps the disk busy"
    image.unlink()


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_full_disk(
    tiny_disk: Path | None, test_folder: Path, origin: Origin, chunked: bool
) -> None:
    # Without a disk of its own it meets the other end of the kernel's patience: the largest file
    # that a process may write.
    spool = {"spool": {"directory": str(tiny_disk / "spool")}} if tiny_disk else {}
    limit = 0 if tiny_disk else 2 * MIB
    signet = Signet(
        test_folder / "signet", [signed_app(origin.url)], config=spool, file_bytes=limit
    )
    try:
        answers = in_threads(3, lambda _: upload(signet, 8 * MIB, chunked=chunked))
        assert all(is_overloaded(answer) for answer in answers), answers
        assert signet.gauge("signet_refusals_total", reason="overloaded") == 3
        assert causes(signet) == {
            f"spool: {'No space left on device' if tiny_disk else 'File too large'}"
        }
        assert not origin.requests
        until("the spool is empty", lambda: signet.gauge("signet_spool_bytes") == 0)
        assert upload(signet, MIB, chunked=chunked).status == 200
        signet.comes_to_rest()
        signet.stop()
    finally:
        signet.child.stop()


def test_the_largest_file_of_the_process(start: Start, origin: Origin) -> None:
    signet = start([signed_app(origin.url)], file_bytes=2 * MIB)
    assert is_overloaded(upload(signet, 8 * MIB))
    assert causes(signet) == {"spool: File too large"}
    assert upload(signet, MIB).status == 200
