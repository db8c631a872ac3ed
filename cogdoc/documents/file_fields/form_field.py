"""The data types of interactive forms: fields, and the widgets that show them on pages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from annotated_types import Ge

from cogdoc.documents.geometry import Box


class FieldKind(StrEnum):
    """What can be entered into a field."""

    TEXT = "text"
    CHOICE = "choice"
    CHECKBOX = "checkbox"
    RADIO = "radio"
    """One of several buttons, or of several checkboxes with one name."""
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class FieldWidget:
    """A place of a page that shows a field."""

    page: Annotated[int, Ge(1)]
    """1-based."""
    box: Box
    """On the page as displayed."""
    option: str = ""
    """The value that a button gives its field."""
    is_on: bool = False
    """Whether a button is ticked."""


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form, with what is entered."""

    name: str
    """The full name: the names of its ancestors and its own, with periods between them."""
    kind: FieldKind
    origin: Literal["acroform", "xfa"]
    caption: str = ""
    """The label that the file states: the tooltip of an AcroForm field, or the caption of an XFA field."""
    values: tuple[str, ...] = ()
    """What is stored, several for a list; the texts that a choice shows; the options of the buttons that are ticked."""
    exported: tuple[str, ...] = ()
    """The values of a choice as programs get them, if they differ from the texts that it shows."""
    shown: str | None = None
    """The text that the page shows for a text or a choice; None if the file leaves showing it to viewers."""
    is_on: bool | None = None
    """Whether a checkbox is ticked, one of several radio buttons is, or a signature is there; None for other kinds."""
    options: tuple[str, ...] = ()
    """What can be chosen."""
    widgets: tuple[FieldWidget, ...] = ()
    """Where pages show it; an XFA field has no place."""
    is_read_only: bool = False
    is_required: bool = False
    is_hidden: bool = False
    """Whether no page shows it; such fields are read only if that is asked for."""
    is_withheld: bool = False
    """Whether it is a password, whose value is not read."""

    @property
    def stored(self) -> str:
        """The values as one text."""
        return ", ".join(self.values)

    @property
    def shows_other_value(self) -> bool:
        """Whether the page shows another value than is stored, apart from white space and the format of numbers."""
        if self.shown is None or not (self.shown.strip() or self.values):
            return False
        shown, stored, exported = map(_letters_and_digits, (self.shown, *map(" ".join, (self.values, self.exported))))
        if exported and shown == exported:
            return False
        is_rounded = stored.isdigit() and shown.isdigit() and not shown.removeprefix(stored).strip("0")
        return shown != stored and not (is_rounded and shown.startswith(stored))

    @property
    def value(self) -> str:
        """What a reader of the page sees; what is stored if the page shows nothing."""
        shown = " ".join((self.shown or "").split())
        return shown if shown and self.shows_other_value else self.stored


@dataclass(frozen=True, slots=True)
class FileForm:
    """The interactive form of a file."""

    fields: tuple[FormField, ...] = ()
    """In the order of the pages, and on each in the order of the file; XFA fields come last."""
    hidden_fields: Annotated[int, Ge(0)] = 0
    """Fields that no page shows, and that were left out."""
    is_cut_off: bool = False
    """Whether there are more fields, or longer values, than are read."""
    has_xfa: bool = False
    """Whether the file contains an XFA form."""


def _letters_and_digits(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()
