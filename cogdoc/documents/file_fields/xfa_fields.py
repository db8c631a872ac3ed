"""Reads the fields of XFA forms: what is filled in from the data, labels and kinds from the template.

A template names its fields by subforms and fields inside each other; the data repeat these names as elements (XFA 3.3,
chapter 4 "Exchanging Data"). A subform that repeats has one place in the template and several in the data.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from xml.etree.ElementTree import Element

from cogdoc.documents.file_fields.bounded_xml import text_of
from cogdoc.documents.file_fields.form_field import FieldKind, FileForm, FormField
from cogdoc.documents.file_fields.xfa_packets import XfaPackets

MAX_FIELDS = 5000
MAX_NAMESAKES = 50
"""Fields of one name that are compared with the data."""

MAX_DEPTH = 100
MAX_VALUE = 10_000
"""Characters of a value."""

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-.]+")
_STEP = re.compile(r"[A-Za-z_][\w\-]*")
_UNSEEN = ("hidden", "invisible", "inactive")
_KINDS = {
    "checkButton": FieldKind.CHECKBOX,
    "choiceList": FieldKind.CHOICE,
    "signature": FieldKind.SIGNATURE,
    "button": None,
}
_RICH_TEXT = frozenset(("body", "p", "span", "html"))

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _TemplateField:
    """A field as the template describes it."""

    path: Path
    """The names of the subforms around it, and its own."""
    kind: FieldKind | None
    """None for a push button."""
    caption: str
    options: tuple[str, ...]
    """The texts of a choice, the captions of the buttons of a group."""
    exported: tuple[str, ...]
    """The values that the file stores for them; of a checkbox the one when it is ticked."""
    is_hidden: bool
    is_password: bool
    is_read_only: bool
    is_required: bool


def read_xfa_fields(packets: XfaPackets, *, hidden: bool) -> FileForm:
    """The fields that are filled in, in the order of the data, then those of the template that are blank.

    Args:
        hidden: read the fields too that the form does not show.
    """
    described = list(islice((each for form in packets.templates for each in _template_fields(form)), MAX_FIELDS))
    by_name: dict[str, list[_TemplateField]] = defaultdict(list)
    for each in described:
        if len(by_name[each.path[-1]]) < MAX_NAMESAKES:
            by_name[each.path[-1]].append(each)
    fields: list[FormField] = []
    filled: set[Path] = set()
    hidden_names: set[Path] = set()
    counts: Counter[Path] = Counter()
    leaves = list(islice(_leaves(packets.data), MAX_FIELDS + 1))
    for path, text in leaves[:MAX_FIELDS]:
        known = _best(by_name.get(path[-1], ()), path)
        if known is not None:
            filled.add(known.path)
        counts[path] += 1
        if (known is not None and known.kind is None) or (known is None and not text):
            continue
        if known is not None and known.is_hidden and not hidden:
            hidden_names.add(known.path)
            continue
        fields.append(_field(path, counts[path] - 1, text, known))
    for each in described:
        if each.path in filled or each.kind is None or len(fields) >= MAX_FIELDS:
            continue
        filled.add(each.path)
        if each.is_hidden and not hidden:
            hidden_names.add(each.path)
        else:
            fields.append(_field(each.path, 0, "", each))
    return FileForm(
        tuple(fields),
        len(hidden_names),
        is_cut_off=len(leaves) > MAX_FIELDS or len(fields) >= MAX_FIELDS,
        has_xfa=True,
    )


def readable(name: str) -> str:
    """`AmountDue` and `amount_due` as "Amount due"."""
    words = _WORD_START.sub(" ", name).split()
    if not words:
        return name
    return " ".join(
        [words[0][:1].upper() + words[0][1:], *(word if word.isupper() else word.lower() for word in words[1:])]
    )


def _field(path: Path, index: int, text: str, known: _TemplateField | None) -> FormField:
    name = ".".join(path) + (f"[{index}]" if index else "")
    if known is None:
        return FormField(name, FieldKind.TEXT, "xfa", readable(path[-1]), (text,))
    kind = known.kind or FieldKind.TEXT
    is_on: bool | None = None
    values: tuple[str, ...] = (text,) if text else ()
    exported: tuple[str, ...] = ()
    match kind:
        case FieldKind.CHECKBOX:
            is_on = text == known.exported[0] if known.exported else text not in ("", "0")
            values = (text,) if is_on else ()
        case FieldKind.CHOICE | FieldKind.RADIO:
            texts = dict(zip(known.exported, known.options, strict=False))
            shown = texts.get(text, text)
            exported = (text,) if text and shown != text else ()
            values = (shown,) if text else ()
            is_on = bool(text) if kind is FieldKind.RADIO else None
        case FieldKind.SIGNATURE:
            is_on = bool(text)
        case _:
            pass
    return FormField(
        name,
        kind,
        "xfa",
        known.caption or readable(path[-1]),
        () if known.is_password else values,
        exported,
        is_on=is_on,
        options=known.options if kind is not FieldKind.CHECKBOX else known.exported[:1],
        is_read_only=known.is_read_only,
        is_required=known.is_required,
        is_hidden=known.is_hidden,
        is_withheld=known.is_password,
    )


def _best(candidates: Iterable[_TemplateField], path: Path) -> _TemplateField | None:
    """The field of the template whose path ends most like that of the data."""

    def agreement(candidate: _TemplateField) -> int:
        count = 0
        for left, right in zip(reversed(candidate.path), reversed(path), strict=False):
            if left != right:
                break
            count += 1
        return count

    return max(candidates, key=agreement, default=None)


def _leaves(data: Iterable[Element]) -> Iterator[tuple[Path, str]]:
    """The names around each value of the data, and the value."""
    waiting: list[tuple[Element, Path]] = [
        (child, (child.tag,)) for root in reversed(list(data)) for child in reversed(list(root))
    ]
    while waiting:
        node, path = waiting.pop()
        is_rich = any(child.tag in _RICH_TEXT for child in node)
        if len(node) and not is_rich and len(path) < MAX_DEPTH:
            waiting.extend((child, (*path, child.tag)) for child in reversed(list(node)))
        else:
            yield path, text_of(node)[:MAX_VALUE]


def _template_fields(subform: Element) -> Iterator[_TemplateField]:
    waiting: list[tuple[Element, Path, bool]] = [(subform, (), False)]
    while waiting:
        node, path, is_hidden = waiting.pop()
        is_hidden = is_hidden or node.get("presence") in _UNSEEN
        name = node.get("name", "")
        match node.tag:
            case "subform" | "subformSet" | "area":
                inner = (*path, name) if name and node.tag == "subform" else path
                waiting.extend((child, inner, is_hidden) for child in reversed(list(node)))
            case "field" | "exclGroup" if len(path) < MAX_DEPTH and (own := _data_name(node, name)):
                yield _template_field(node, (*path, own), is_hidden=is_hidden)
            case _:
                pass


def _data_name(node: Element, name: str) -> str:
    """The name of a field's element in the data, which its binding may state: `$record.order.total`."""
    bind = node.find("bind")
    if bind is not None and bind.get("match") == "dataRef" and (steps := _STEP.findall(bind.get("ref", ""))):
        return str(steps[-1])
    return name


def _template_field(node: Element, path: Path, *, is_hidden: bool) -> _TemplateField:
    ui = node.find("ui")
    widget = next((child.tag for child in ui if child.tag != "extras"), "") if ui is not None else ""
    if node.tag == "exclGroup":
        kind: FieldKind | None = FieldKind.RADIO
        buttons = node.findall("field")
        options = tuple(_caption(button) or button.get("name", "") for button in buttons)
        exported = tuple(next(iter(_items(button, 0)), button.get("name", "")) for button in buttons)
    else:
        kind = _KINDS.get(widget, FieldKind.TEXT)
        options, exported = _items(node, 0), _items(node, 1) or _items(node, 0)
    validate = node.find("validate")
    return _TemplateField(
        path,
        kind,
        _caption(node),
        options,
        exported,
        is_hidden=is_hidden,
        is_password=widget == "passwordEdit",
        is_read_only=node.get("access") in ("readOnly", "protected", "nonInteractive"),
        is_required=validate is not None and validate.get("nullTest") == "error",
    )


def _items(node: Element, index: int) -> tuple[str, ...]:
    """The list of texts that a choice shows, or that of the values, which has `save`."""
    lists = sorted(node.findall("items"), key=lambda items: items.get("save") == "1" and len(node.findall("items")) > 1)
    return tuple(text_of(item) for item in lists[index]) if index < len(lists) else ()


def _caption(node: Element) -> str:
    """What is printed beside a field; without it, what viewers show when the pointer is over the field."""
    caption = node.find("caption")
    text = text_of(caption) if caption is not None else ""
    if not text:
        tooltip = node.find("assist/toolTip")
        text = text_of(tooltip) if tooltip is not None else ""
    return text.rstrip(" :：")
