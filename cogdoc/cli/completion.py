"""What shells complete: the names that options and arguments take. Formats are completed where `--out` is declared."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence

VARIABLE = "_COGDOC_COMPLETE"
"""The environment variable with which the shell's function asks for completions."""


def complete_names(names: Sequence[str]) -> Callable[[], list[str]]:
    """The `autocompletion` of an option that takes one of `names`; forms such as `URL` are no names."""
    return lambda: [name for name in names if name.islower()]


def complete_model() -> list[tuple[str, str]]:
    """The published models. Where none begins with what is typed, shells complete the names of files."""
    from cogdoc.models.published_models import MODELS

    return [(model.name, model.description) for model in MODELS.values()]


def complete_dataset() -> list[tuple[str, str]]:
    from cogdoc.evaluation.datasets import DATASETS

    return [(dataset.name, dataset.title) for dataset in DATASETS]


def complete_command_with_schema() -> list[str]:
    from cogdoc.results.json_schema import COMMANDS

    return list(COMMANDS)


def join_split_options(environment: MutableMapping[str, str]) -> None:
    """Write the words `--out`, `=`, `js` as `--out`, `js`: bash splits words at `=`, which typer does not expect."""
    if "COMP_WORDS" not in environment or not environment.get("COMP_CWORD", "").isdigit():
        return
    words, index = environment["COMP_WORDS"].split("\n"), int(environment["COMP_CWORD"])
    if words[index : index + 1] == ["="]:
        words[index] = ""  # nothing is typed behind it yet
    separators = [position for position, word in enumerate(words) if word == "=" and words[position - 1][:2] == "--"]
    environment["COMP_WORDS"] = "\n".join(word for position, word in enumerate(words) if position not in separators)
    environment["COMP_CWORD"] = str(index - sum(position < index for position in separators))
