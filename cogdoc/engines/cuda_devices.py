"""Which cards torch can use, how much of their memory is free, and why the others cannot be used.

Engine selection, `cogdoc doctor` and `cogdoc model show` share this answer. `find_cards` is fast, since it imports no
torch; `check_with_torch` adds what only torch knows.
"""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass, replace

from cogdoc.engines.cuda_driver import VISIBLE, DriverDevice, DriverReport, ask_driver, hidden_by_environment
from cogdoc.engines.nvml import CardProcess, card_memory, count_cards
from cogdoc.engines.torch_build import (
    MODEL_EXTRA,
    TorchBuild,
    ask_torch,
    free_memory,
    has_kernels,
    has_torch,
    read_torch_build,
)
from cogdoc.errors import CogdocError, MissingError, ResourceError

CPU_HINT = f"{VISIBLE}= runs it on the CPU"
INSTALL_HINT = f"https://pytorch.org/get-started shows which torch to install; {CPU_HINT}"


@dataclass(frozen=True, slots=True)
class Card:
    """A CUDA device of this machine, with its memory in bytes."""

    index: int
    """As torch counts: the device `cuda:INDEX`."""
    name: str
    memory: int
    free: int
    capability: tuple[int, int]
    processes: tuple[CardProcess, ...] = ()
    """The other processes that compute on it."""
    free_is_known: bool = True
    problem: str | None = None
    """Why torch cannot use it."""

    @property
    def device(self) -> str:
        return f"cuda:{self.index}"


@dataclass(frozen=True, slots=True)
class Cards:
    """The cards that the driver shows to this process. Without a usable one, `problem` says why."""

    all: tuple[Card, ...]
    problem: CogdocError | None = None
    """MissingError if torch cannot use the cards, ResourceError if their driver does not start; None without cards."""
    absence: str = ""
    """Why there are no cards; empty if there are."""

    @property
    def usable(self) -> tuple[Card, ...]:
        """The cards that torch can use, the one with the most free memory first."""
        if self.problem is not None:
            return ()
        return tuple(sorted((card for card in self.all if card.problem is None), key=lambda card: -card.free))


def find_cards() -> Cards:
    """The cards of this machine, judged by the driver and the metadata of torch."""
    report = ask_driver()
    if report.failure is not None:
        return Cards((), ResourceError(f"the CUDA driver does not start: {report.failure}", CPU_HINT))
    if not report.devices:
        return Cards((), absence=_absence())
    cards = tuple(map(_card, report.devices))
    problem = _build_problem(read_torch_build(), report)
    return Cards(cards, None if problem is None else _cannot_use(cards, problem))


def check_with_torch(cards: Cards) -> Cards:
    """Add what torch itself says about the usable cards. Imports torch, which takes seconds, if there are any."""
    build = read_torch_build()
    if not cards.usable or build is None or build.cuda is None:
        return cards
    answer = ask_torch()
    if answer.failure is not None:
        return replace(
            cards, problem=_cannot_use(cards.all, f"torch {build.version} does not use them: {answer.failure}")
        )
    driver = ask_driver().version
    checked = []
    for card in cards.all:
        if card.index >= answer.devices:
            card = replace(card, problem=f"torch {build.version} counts {answer.devices} devices")
        elif not has_kernels(answer.kernels, card.capability, build.cuda, driver):
            card = replace(card, problem=_no_kernels(card, build, answer.kernels))
        elif not card.free_is_known:
            free = free_memory(card.index)
            card = card if free is None else replace(card, free=free, free_is_known=True)
        checked.append(card)
    if all(card.problem is not None for card in checked):
        reasons = "; ".join(f"{card.name}: {card.problem}" for card in checked)
        return Cards(tuple(checked), MissingError(f"torch cannot use the GPU: {reasons}", INSTALL_HINT))
    return Cards(tuple(checked))


def _card(device: DriverDevice) -> Card:
    memory = card_memory(device.uuid) if device.uuid is not None else None
    return Card(
        index=device.index,
        name=device.name,
        memory=device.memory,
        free=device.memory if memory is None else min(memory.free, device.memory),
        capability=device.capability,
        processes=() if memory is None else memory.processes,
        free_is_known=memory is not None,
    )


def _build_problem(build: TorchBuild | None, report: DriverReport) -> str | None:
    """Why this build of torch can use no NVIDIA card with this driver, as far as its metadata says."""
    if build is None:
        return "torch is not installed"
    if build.hip:
        return f"torch {build.version} is built for ROCm, not for CUDA"
    if build.cuda is None:
        return f"torch {build.version} is built for the CPU only"
    # Since CUDA 11, a driver runs what is built for any version with its major number.
    if report.version is not None and build.cuda[0] > report.version[0]:
        return (
            f"torch {build.version} is built for CUDA {_dotted(build.cuda)}, and the driver supports CUDA "
            f"{_dotted(report.version)} at most: update the driver, or install an older build of torch"
        )
    return None


def _cannot_use(cards: tuple[Card, ...], reason: str) -> CogdocError:
    names = ", ".join(dict.fromkeys(card.name for card in cards))
    return MissingError(f"torch cannot use {names}: {reason}", INSTALL_HINT if has_torch() else MODEL_EXTRA)


def _no_kernels(card: Card, build: TorchBuild, kernels: tuple[str, ...]) -> str:
    return (
        f"torch {build.version} has no kernels for compute capability {_dotted(card.capability)}, "
        f"only {' '.join(kernels) or 'none'}"
    )


def _absence() -> str:
    """Why the driver shows no card."""
    hidden = count_cards()
    if hidden_by_environment() or hidden:
        return f"{VISIBLE} hides {f'all {hidden} cards' if hidden > 1 else 'the GPU'}"
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return (
            "Apple's GPU is not used: the fast 4-bit kernels of bitsandbytes for it are code from a model hub, which "
            "cogdoc never runs, and the model was never tried on it"
        )
    return "no GPU that CUDA can use"


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
