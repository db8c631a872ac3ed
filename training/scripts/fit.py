"""Fit the network that tells scripts apart, and write it as `cogdoc/parsing/ocr/scripts.onnx`.

Needs the packages `babel` and `onnx`, and fonts; the README beside this file lists them.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from torch import nn

from cogdoc.parsing.ocr.scripts import CLASSES, HEIGHT, WINDOW, line_windows
from training.scripts.lines import samples

WEIGHTS = Path("cogdoc/parsing/ocr/scripts.onnx")


def network() -> nn.Module:
    def block(inputs: int, outputs: int, stride: tuple[int, int]) -> list[nn.Module]:
        return [nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]

    return nn.Sequential(
        *block(1, 16, (2, 2)),
        *block(16, 32, (2, 2)),
        *block(32, 64, (2, 2)),
        *block(64, 64, (1, 1)),
        *block(64, 96, (2, 1)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(96, len(CLASSES)),
    )


def windows(count: int, *, held_out: bool, seed: int) -> tuple[torch.Tensor, torch.Tensor, list[str]]:
    """Up to two random parts of each line."""
    rng = random.Random(seed)
    inputs, labels, scripts = [], [], []
    for pixels, label, script in samples(count, held_out=held_out, seed=seed):
        parts = line_windows(pixels)
        for part in rng.sample(range(len(parts)), min(2, len(parts))):
            inputs.append(parts[part].astype(np.float16))
            labels.append(label)
            scripts.append(script)
    return torch.from_numpy(np.stack(inputs)), torch.tensor(labels), scripts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=24000)
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    torch.manual_seed(1)
    inputs, labels, _ = windows(options.lines, held_out=False, seed=1)
    print("drawn", len(labels), Counter(CLASSES[label] for label in labels.tolist()), flush=True)
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
    steps = options.epochs * (len(labels) // 128)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for epoch in range(options.epochs):
        model.train()
        order = torch.randperm(len(labels))
        total = 0.0
        for start in range(0, len(order) - 127, 128):
            chosen = order[start : start + 128]
            loss = nn.functional.cross_entropy(model(inputs[chosen].float()), labels[chosen], label_smoothing=0.02)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += loss.item()
        print("epoch", epoch, round(total / (len(order) // 128), 4), flush=True)
    model.eval()
    export(model)
    report(model)


def export(model: nn.Module) -> None:
    torch.onnx.export(
        model,
        (torch.zeros(2, 1, HEIGHT, WINDOW),),
        str(WEIGHTS),
        input_names=["windows"],
        output_names=["logits"],
        dynamic_axes={"windows": {0: "parts"}, "logits": {0: "parts"}},
        dynamo=False,
    )


def report(model: nn.Module) -> None:
    """Print how lines in fonts that the network was not fitted to are told apart."""
    inputs, labels, scripts = windows(6000, held_out=True, seed=2)
    with torch.no_grad():
        parts = torch.split(inputs, 256)
        probabilities = torch.cat([model(part.float()).softmax(1) for part in parts])
    unread = 1 - probabilities[:, 0]
    for script in dict.fromkeys(scripts):
        own = torch.tensor([name == script for name in scripts])
        right = (probabilities[own].argmax(1) == labels[own]).float().mean().item()
        shares = " ".join(f"{(unread[own] > level).float().mean().item():.3f}" for level in (0.5, 0.8, 0.9, 0.95, 0.98))
        print(f"{script:12} {int(own.sum()):5} right {right:.3f} | unread above .5 .8 .9 .95 .98: {shares}")


if __name__ == "__main__":
    main()
