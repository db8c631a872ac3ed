"""A process that has imported cogdoc already, and becomes the command for each request, in a child of its own.

The child is what `python -m cogdoc` is after its imports and its first look at the lexicon, which take most of the
processor time of a short command: it has its own arguments, folder, environment and standard streams, and ends as any
process does.

    python command_template.py MODULE...    # standard input is a socket, see `template_runs.Template`
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import socket
import sys
import warnings
from pathlib import Path

LONGEST = 1 << 20


def main() -> None:
    channel = socket.socket(fileno=os.dup(0))
    for name in sys.argv[1:]:
        importlib.import_module(name)
    # The words of all languages, which the first question of a process is compared with.
    importlib.import_module("cogdoc.query.question_parser").parse_question("Which total is the highest?")
    gc.collect()
    gc.freeze()
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, LONGEST, 3)
        if not message:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python warns where libraries have started threads
            child = os.fork()
        if child == 0:
            channel.close()
            _become(json.loads(message), descriptors)
            return
        for descriptor in descriptors:
            os.close(descriptor)
        channel.send(str(child).encode())
        channel.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def _become(request: dict[str, object], descriptors: list[int]) -> None:
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(request["environment"])  # type: ignore[call-overload]
    os.chdir(request["folder"])  # type: ignore[arg-type]
    sys.path[0] = str(Path.cwd())
    sys.argv[1:] = request["arguments"]  # type: ignore[assignment]
    runpy.run_module("cogdoc", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
