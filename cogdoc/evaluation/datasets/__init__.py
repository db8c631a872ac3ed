"""Readers of evaluation datasets, each in the form in which its authors distribute it, and their register."""

from __future__ import annotations

from cogdoc.evaluation.datasets.registry import DATASETS, Dataset, find_dataset

__all__ = ["DATASETS", "Dataset", "find_dataset"]
