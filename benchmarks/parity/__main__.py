"""Whether the model gives what the published code gave: python -m benchmarks.parity DIR...

Each DIR holds a small checkpoint, pictures img_0.png, ... and expected.safetensors, in the form of
../shared/cogvlm2/parity. A line per case states the largest differences in the layers' outputs, the first layer's
cached keys and values, the logits of the prompt and of the greedy steps, and whether the tokens agree; a line for the
image part those in pixels, vision transformer and image features.

Exit code 0 where all agree, 1 where anything is off (marked with !), 2 where a folder is not of this form. fp32
checkpoints may be off by 5e-5; a bf16 one, computed with the published arithmetic, by an eighth of the
largest number expected. Tokens have to be equal in both. A row padded on the right has to give what it gives alone,
where the published code is wrong.
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
from cogdoc.cogvlm2.configuration import read_raw_config
from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.errors import CogdocError

EMBEDDINGS = "model.embed_tokens.weight"
NAME_WIDTH = 14


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every folder, and say which is the worst of their exit codes."""
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
    print(f"{path}: {_terms(model)}")
    _print_lines(folder, lines)
    return 0 if all(line.passed for line in lines) else 1


def load(path: Path) -> CogVLM2:
    """The checkpoint in the dtype that it states or, where it states none, is stored in."""
    raw = read_raw_config(path)
    stored = list_tensors(path).get(EMBEDDINGS)
    dtype = torch_dtype(str(raw.get("dtype") or raw.get("torch_dtype"))) or (
        torch_dtype(stored.dtype) if stored is not None else None
    )
    return load_model(path, dtype=dtype, arithmetic="precise" if dtype == torch.float32 else "published")


def _terms(model: CogVLM2) -> str:
    kind = str(model.dtype).removeprefix("torch.")
    limit = f"at most {FP32_LIMIT:.0e}" if model.dtype == torch.float32 else "at most 1/8 of the largest number"
    return f"{kind}, {model.arithmetic} arithmetic, differences of {limit}, all tokens equal"


def _print_lines(folder: ParityFolder, lines: Sequence[Line]) -> None:
    if folder.images.pictures:
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
