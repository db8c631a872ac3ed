"""Compare the model with parity fixtures: python -m benchmarks.parity DIR...

Each DIR holds a small checkpoint, images img_0.png, ... and expected.safetensors, in the form of
tests/cogvlm2/parity (outputs of the project's naive reference) and ../shared/cogvlm2/parity (outputs of the published
code). A line per case states the largest differences in the outputs of the layers, the cached keys and values of the
first layer, the logits of the prompt and of the greedy steps, and whether the tokens agree; the line of the image part
states those in pixels, vision transformer and image features.

Exit code 0 if everything agrees, 1 if anything differs (marked with !), 2 if a folder is not of this form. fp32
checkpoints may differ by 5e-5; bf16 ones, computed with published arithmetic, by an eighth of the largest expected
number. Tokens have to be equal in both. A row padded on the right, which the published code decodes wrongly, has to
give what it gives alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from benchmarks.parity.folder import FolderError, ParityFolder, read_folder
from benchmarks.parity.measure import CASE_COLUMNS, FP32_LIMIT, IMAGE_COLUMNS, Difference, Line, measure
from cogdoc.cogvlm2.checkpoint import list_tensors, torch_dtype
from cogdoc.cogvlm2.configuration import Arithmetic, read_raw_config
from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.errors import CogdocError

EMBEDDINGS = "model.embed_tokens.weight"
NAME_WIDTH = 14


def main(arguments: Sequence[str] | None = None) -> int:
    """Check every folder, and return the largest of their exit codes."""
    options = _parse(arguments)
    folders = [path for path in options.folders if not path.is_file()]
    for path in options.folders:
        if path.is_file():
            print(f"{path}: not a folder, left out", file=sys.stderr)
    return max((_check(path) for path in folders), default=2)


def _check(path: Path) -> int:
    try:
        folder = read_folder(path)
        model = load(path)
        with torch.inference_mode():
            lines = measure(folder, model)
    except (FolderError, CogdocError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{path}: {_criteria(model)}")
    _print_lines(folder, lines)
    return 0 if all(line.passed for line in lines) else 1


def load(path: Path, device: torch.device | str = "cpu") -> CogVLM2:
    """Load the checkpoint in the dtype that its config.json states, or else in the dtype it is stored in."""
    raw = read_raw_config(path)
    stored = list_tensors(path).get(EMBEDDINGS)
    dtype = torch_dtype(str(raw.get("dtype") or raw.get("torch_dtype"))) or (
        torch_dtype(stored.dtype) if stored is not None else None
    )
    arithmetic: Arithmetic = "precise" if dtype == torch.float32 else "published"
    return load_model(path, dtype=dtype, device=device, arithmetic=arithmetic)


def _criteria(model: CogVLM2) -> str:
    dtype = str(model.dtype).removeprefix("torch.")
    limit = f"at most {FP32_LIMIT:.0e}" if model.dtype == torch.float32 else "at most 1/8 of the largest number"
    return f"{dtype}, {model.arithmetic} arithmetic, differences of {limit}, all tokens equal"


def _print_lines(folder: ParityFolder, lines: Sequence[Line]) -> None:
    if folder.image_part.images:
        image_line, *lines = lines
        _print_row("", [*IMAGE_COLUMNS])
        _print_row(image_line.name, _cells(image_line.differences), image_line.passed)
    _print_row("", [*CASE_COLUMNS, "tokens"])
    for line in lines:
        _print_row(line.name, [*_cells(line.differences), "equal" if line.tokens_agree else "differ!"], line.passed)


def _cells(differences: Mapping[str, Difference | None]) -> list[str]:
    return ["-" if one is None else f"{one.largest:.1e}{'' if one.allowed else '!'}" for one in differences.values()]


def _print_row(name: str, cells: Sequence[str], passed: bool | None = None) -> None:
    verdict = {None: "", True: "ok", False: "OFF"}[passed]
    print(f"  {name:{NAME_WIDTH}}{''.join(f'{cell:>15}' for cell in cells)}  {verdict}".rstrip())


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.parity", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="a folder of parity fixtures")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
