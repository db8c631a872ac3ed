"""Code that took over a worker process reaches nothing beyond the document: no files, processes, memory or network."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import attacks
import pymupdf
import pytest
from sent_functions import SendingSandbox
from waiting import wait_until

import cogdoc
from cogdoc.documents.confinement.landlock import landlock_version
from cogdoc.documents.confinement.system_calls import this_architecture
from cogdoc.documents.document import read_facts, read_page_size
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.sandbox import Sandbox
from cogdoc.errors import DamagedError, ResourceError

pytestmark = pytest.mark.skipif(this_architecture() is None, reason="confined on Linux, on x86_64 and aarch64")
landlocked = pytest.mark.skipif(landlock_version() == 0, reason="this kernel has no Landlock")

MB = 2**20
MEMORY = 400 * MB
REFUSED = ("EPERM", "EACCES", "ENOSYS")


@pytest.fixture(scope="module")
def taken_over() -> Iterator[Sandbox]:
    """A sandbox whose worker processes run attacks."""
    with SendingSandbox(timeout=60, memory=MEMORY) as sandbox:
        yield sandbox


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the user."""
    path = tmp_path / ".ssh" / "id_ed25519"
    path.parent.mkdir()
    path.write_text("a private key")
    return path


@pytest.fixture
def request_for_pdf(tmp_path: Path) -> OpenRequest:
    path = tmp_path / "secret-name.pdf"
    document = pymupdf.open()
    document.new_page()
    document.save(path)
    return OpenRequest(path, password="unused")


@landlocked
def test_files_of_the_user_cannot_be_read(taken_over: Sandbox, secret: Path) -> None:
    parent = os.getpid()
    for path in (
        str(secret),
        f"/proc/self/root{secret}",
        f"/proc/self/cwd/../../../../../../../..{secret}",
        __file__,
        "/etc/passwd",
        "/etc/hostname",
        "/proc/self/environ",
        "/proc/self/maps",
        "/proc/1/cmdline",
        "/proc/stat",  # counts interrupts, so keystrokes too
        f"/proc/{parent}/environ",
        f"/proc/{parent}/cmdline",
        "/dev/zero",
        "/dev/tty",
    ):
        assert taken_over.run(attacks.read, path) in {*REFUSED, "ENOENT", "ENXIO"}, path
    for folder in ("/", "/etc", "/home", "/tmp", "/proc", str(Path.home()), str(secret.parent), "/dev/shm", "/run"):
        assert taken_over.run(attacks.list_folder, folder) in {*REFUSED, "ENOENT"}, folder


@landlocked
@pytest.mark.skipif(not os.access(Path(cogdoc.__file__).parent, os.W_OK), reason="writes a link beside the program")
def test_links_among_the_programs_files_lead_nowhere_else(taken_over: Sandbox, secret: Path) -> None:
    link = Path(cogdoc.__file__).parent / "documents" / f"link-{os.getpid()}"
    link.symlink_to(secret)
    try:
        assert taken_over.run(attacks.read, str(link)) in REFUSED
    finally:
        link.unlink()


def test_nothing_can_be_written(taken_over: Sandbox, secret: Path) -> None:
    libraries = next(path for path in sys.path if path.endswith(("site-packages", "dist-packages")))
    before = secret.stat()
    for path in (
        str(secret.parent / ".bashrc"),
        f"{libraries}/taken-over.pth",
        f"{libraries}/sitecustomize.py",
        str(Path(cogdoc.__file__).parent / "taken_over.py"),
        f"/tmp/taken-over-{os.getpid()}",
        "/dev/shm/taken-over",
        "/proc/self/oom_score_adj",
        "/dev/null",
    ):
        assert taken_over.run(attacks.write, path) in {*REFUSED, "ENOENT"}, path
    for path in (str(secret), cogdoc.__file__, f"{libraries}/pymupdf/__init__.py"):
        for attack in (attacks.write, attacks.append, attacks.empty):
            assert taken_over.run(attack, path) in REFUSED, path
        assert taken_over.run(attacks.change_name, path) == ""
        assert taken_over.run(attacks.change_attributes, path) == ""
    assert secret.read_text() == "a private key"
    assert (secret.stat().st_mode, secret.stat().st_mtime_ns) == (before.st_mode, before.st_mtime_ns)


@landlocked
def test_document_can_be_read_and_nothing_else_done_with_it(taken_over: Sandbox, request_for_pdf: OpenRequest) -> None:
    before = request_for_pdf.path.read_bytes()
    assert taken_over.run(attacks.change_document, request_for_pdf) == ""
    assert request_for_pdf.path.read_bytes() == before
    assert "secret-name" not in taken_over.run(attacks.see_request, request_for_pdf)


def test_worker_starts_without_the_users_environment_paths_and_descriptors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "numpy.py").write_text("raise SystemExit('the wrong numpy')")
    with (tmp_path / "open.txt").open("w") as file, SendingSandbox(timeout=60) as sandbox:
        os.set_inheritable(file.fileno(), True)
        environment = sandbox.run(attacks.see_environment)
        start = sandbox.run(attacks.inspect_start)
        assert "a-secret" not in environment
        assert str(Path.home()) not in environment
        assert start.startswith("isolated 1, site False")
        assert str(tmp_path) not in start
        assert sandbox.run(attacks.open_descriptors) == []


def test_parent_is_out_of_reach(taken_over: Sandbox) -> None:
    before = os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0)
    assert taken_over.run(attacks.reach_parent) == ""
    assert (os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0)) == before


@pytest.mark.parametrize("how", ["fork", "exec", "spawn", "exec of itself"])
def test_no_process_can_be_started(taken_over: Sandbox, how: str) -> None:
    assert taken_over.run(attacks.start_process, how) in REFUSED


def test_network_and_other_sockets_are_out_of_reach(taken_over: Sandbox, tmp_path: Path) -> None:
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, 16, 17, 40):  # netlink, packet, vsock
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
            assert taken_over.run(attacks.open_socket, int(family), int(kind)) == "EPERM"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        assert taken_over.run(attacks.connect_to, str(tmp_path / "s")) == "EPERM"
    assert taken_over.run(attacks.send_descriptor) == "EPERM"


def test_every_other_system_call_is_refused_by_its_number(taken_over: Sandbox) -> None:
    assert taken_over.run(attacks.unknown_system_calls) == []


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x86-64 has three sets of numbers")
def test_numbers_of_other_architectures_are_refused(taken_over: Sandbox) -> None:
    assert taken_over.run(attacks.call_as_another_architecture) == []


@pytest.mark.parametrize(
    "how",
    [
        "allocated",
        "shared and anonymous",
        "of a memory file",
        "of shared memory",
        "of the zero device",
        "of System V",
        "that grows down",
        "on the stack",
        "in pipes",
        "in sockets",
        "locked",
        "with raised limits",
    ],
)
def test_memory_limit_cannot_be_passed(taken_over: Sandbox, how: str) -> None:
    assert taken_over.run(attacks.take_memory, how, 2048 * MB) in {*REFUSED, "ENOMEM", "ENOENT", "EINVAL"}


@pytest.mark.slow
def test_worker_that_hides_memory_from_its_limit_is_killed(taken_over: Sandbox) -> None:
    with pytest.raises(ResourceError, match="needs more than 400 MB of memory"):
        taken_over.run(attacks.take_memory, "made read-only", 8192 * MB)


def test_thread_left_behind_does_nothing_between_calls(taken_over: Sandbox) -> None:
    process = taken_over.run(attacks.leave_thread_behind, 2048 * MB)
    clock = (~process << 3) | 2  # the processor time of the process, see clock_getcpuclockid(3)
    threads = Path(f"/proc/{process}/task")
    wait_until(lambda: all(_state(thread) == "T" for thread in threads.iterdir()), "it is not stopped")
    used = time.clock_gettime(clock)
    time.sleep(0.5)
    assert time.clock_gettime(clock) == used


def _state(thread: Path) -> str:
    """The letter of proc(5) for the state of a thread."""
    return (thread / "stat").read_text().rpartition(")")[2].split()[0]


def test_worker_with_too_many_threads_is_killed(taken_over: Sandbox) -> None:
    with pytest.raises(ResourceError, match="needs more than 256 threads"):
        taken_over.run(attacks.start_threads, 1000)


def test_worker_whose_main_thread_ended_is_killed(taken_over: Sandbox) -> None:
    started = time.monotonic()
    with pytest.raises(DamagedError, match="crashed"):
        taken_over.run(attacks.end_main_thread, 2048 * MB)
    assert time.monotonic() - started < 60


def test_worker_cannot_answer_the_next_call(taken_over: Sandbox, request_for_pdf: OpenRequest) -> None:
    forged = attacks.pack_reply(bytes(16), b'[{"page_count":12345}]')
    assert taken_over.run(attacks.answer_next_call, forged) == 0
    time.sleep(0.5)
    assert taken_over.run(read_facts, request_for_pdf).page_count == 1


def test_strict_sandbox_gives_each_document_a_process_of_its_own(request_for_pdf: OpenRequest, samples: Path) -> None:
    with SendingSandbox(timeout=60, strict=True) as sandbox:
        assert sandbox.run(read_page_size, request_for_pdf, 1) != (12345.0, 12345.0)
        pid = sandbox.run(attacks.take_over, _request=request_for_pdf)
        assert sandbox.run(read_page_size, request_for_pdf, 1) == (12345.0, 12345.0), "it stays with its document"
        assert sandbox.run(read_page_size, OpenRequest(samples / "letter.pdf"), 1) != (12345.0, 12345.0)
        assert sandbox.run(attacks.process_id) != pid
