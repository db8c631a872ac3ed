"""Says a printed value in full, with the currency and the scale that only its table's headers state."""

from __future__ import annotations

from cogdoc.results.printed_value import PrintedValue
from cogdoc.results.records import Answer

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "¥", "INR": "₹", "KRW": "₩"}
_SCALES = {1e2: "hundred", 1e3: "thousand", 1e6: "million", 1e9: "billion", 1e12: "trillion"}


def in_full(answer: Answer) -> str:
    """An answer's text with what is not printed beside it: "412,860" in thousands of euros is "€412,860 thousand"."""
    text, value = answer.text or "", answer.value
    if value is None or not _is_bare(text):
        return text
    if value.kind == "percent":
        return f"{text}%"
    if value.kind not in ("number", "money"):
        return text
    return " ".join(filter(None, (_with_currency(text, value), _scale_of(value), value.unit)))


def _is_bare(text: str) -> bool:
    """Whether a text has nothing but a number's digits, separators and signs."""
    return all(char.isdigit() or char.isspace() or char in ".,'’()+-−–" for char in text)


def _with_currency(text: str, value: PrintedValue) -> str:
    if value.currency is None:
        return text
    symbol = _SYMBOLS.get(value.currency)
    return f"{value.currency} {text}" if symbol is None else f"{symbol}{text}"


def _scale_of(value: PrintedValue) -> str:
    return "" if value.scale == 1.0 else _SCALES.get(value.scale, f"× {value.scale:,.0f}")
