"""A hook of MkDocs: writes the reference from the code, so that it cannot be out of date."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mkdocs.structure.files import File, Files
from typer.main import get_command

from cogdoc.cli.app import app
from cogdoc.errors import CogdocError, ExitCode
from cogdoc.results.json_schema import COMMANDS, json_schema


def on_files(files: Files, *, config: Any) -> Files:
    """Add the generated pages."""
    pages = {
        "reference/commands.md": commands_page(),
        "reference/environment.md": environment_page(),
        "reference/exit-codes.md": exit_codes_page(),
        "reference/schema.md": schema_page(),
        "reference/cogdoc.schema.json": _schema_text(None),
        **{f"reference/{command}.schema.json": _schema_text(command) for command in COMMANDS},
    }
    for name, content in pages.items():
        files.append(File.generated(config, name, content=content))
    return files


def commands_page() -> str:
    """Every command with its usage, its help and its options."""
    root = get_command(app)
    intro = "Every option, as `--help` shows it. Those with a variable can also be set in the environment."
    parts = ["# Commands", intro]
    for name, command in _commands("cogdoc", root):
        parts += [f"## {name}", _usage(name, command), *_prose(command.help or ""), *_options(command)]
    return "\n\n".join(parts) + "\n"


def environment_page() -> str:
    """Every environment variable of a command's option, and which commands read it."""
    readers: dict[str, tuple[str, list[str]]] = {}
    for name, command in _commands("cogdoc", get_command(app)):
        for option in command.params:
            if getattr(option, "envvar", None):
                readers.setdefault(option.envvar, (option.opts[-1], []))[1].append(name.removeprefix("cogdoc "))
    rows = [
        f"| `{variable}` | `{option}` | {', '.join(commands)} |"
        for variable, (option, commands) in sorted(readers.items())
    ]
    head = ["# Environment variables", "An option on the command line wins over its variable.", ""]
    return "\n".join([*head, "| variable | option | commands |", "|---|---|---|", *rows, ""])


def exit_codes_page() -> str:
    """Every exit code, and the kinds of errors that lead to it."""
    rows = []
    for code in ExitCode:
        kinds = [error("").kind for error in _errors(CogdocError) if error.exit_code is code]
        meaning = code.name.lower().replace("_", " ")
        rows.append(f"| {int(code)} | {meaning} | {', '.join(f'`{kind}`' for kind in kinds)} |")
    head = [
        "# Exit codes",
        "They are stable: scripts can rely on them. The kind is `error.kind` in JSON.",
        "",
        "| code | meaning | kinds of errors |",
        "|--:|---|---|",
    ]
    return "\n".join([*head, *rows, ""])


def schema_page() -> str:
    """Every object of the JSON output, with its fields."""
    schema = json_schema()
    links = ", ".join(f"[{command}]({command}.schema.json)" for command in COMMANDS)
    intro = "The whole schema, as `cogdoc schema` prints it: [cogdoc.schema.json](cogdoc.schema.json)."
    parts = ["# JSON output", f"{intro} That of one command, as `cogdoc schema ask` prints it: {links}."]
    for name, definition in sorted(schema["$defs"].items()):
        parts.append(f"## {name}")
        if "description" in definition:
            parts.append(_one_line(definition["description"]))
        if "enum" in definition:
            parts.append("One of " + ", ".join(f"`{value}`" for value in definition["enum"]) + ".")
        if "properties" in definition:
            parts.append(_fields(definition))
    return "\n\n".join(parts) + "\n"


def _schema_text(command: str | None) -> str:
    return json.dumps(json_schema(command), indent=2, ensure_ascii=False)


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    for part, subcommand in getattr(command, "commands", {}).items():
        if not subcommand.hidden:
            yield f"{name} {part}", subcommand
            yield from _commands(f"{name} {part}", subcommand)


def _errors(base: type[CogdocError]) -> Iterator[type[CogdocError]]:
    yield base
    for error in base.__subclasses__():
        yield from _errors(error)


def _usage(name: str, command: Any) -> str:
    words = [part.metavar or part.name.upper() for part in command.params if part.param_type_name == "argument"]
    options = ["[OPTIONS]"] if any(part.param_type_name == "option" for part in command.params) else []
    return f"```text\n{' '.join([name, *words, *options])}\n```"


def _prose(text: str) -> Iterator[str]:
    r"""The paragraphs of a help text; those that begin with `\b` keep their lines."""
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("\b"):
            lines = paragraph.removeprefix("\b").strip("\n").split("\n")
            prose = " ".join(line for line in lines if not line.startswith("  "))
            commands = "\n".join(line[2:] for line in lines if line.startswith("  "))
            yield from ([_one_line(prose)] if prose else [])
            yield f"```sh\n{commands}\n```" if commands else ""
        else:
            yield _one_line(paragraph)


def _options(command: Any) -> Iterator[str]:
    groups: dict[str, list[Any]] = {}
    for part in command.params:
        if part.param_type_name == "option" and not part.hidden and part.name != "help":
            groups.setdefault(getattr(part, "rich_help_panel", None) or "Options", []).append(part)
    for group, options in groups.items():
        rows = []
        for option in options:
            names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
            value = f" `{option.metavar}`" if option.metavar else ""
            variable = f" (`{option.envvar}`)" if option.envvar else ""
            rows.append(f"| {_cell(names + value)} | {_cell(_one_line(option.help or ''))}{variable} |")
        yield f"**{group}**"
        yield "\n".join(["| option | |", "|---|---|", *rows])


def _fields(definition: dict[str, Any]) -> str:
    required = set(definition.get("required", ()))
    rows = []
    for name, field in definition["properties"].items():
        kind = _type_of(field) + ("" if name in required else " (optional)")
        rows.append(f"| `{name}` | {_cell(kind)} | {_cell(_one_line(field.get('description', '')))} |")
    return "\n".join(["| field | type | |", "|---|---|---|", *rows])


def _type_of(field: dict[str, Any]) -> str:
    """A field's type in words, with links to the objects of the page."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field or "oneOf" in field:
        return " or ".join(_type_of(each) for each in field.get("anyOf", field.get("oneOf")))
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if field.get("type") == "array":
        items = field.get("items") or (field.get("prefixItems") or [{}])[0]
        return f"array of {_type_of(items)}"
    return str(field.get("type", "any value"))


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
