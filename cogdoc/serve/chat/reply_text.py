"""The text of a reply while it is generated: what can be shown already, and where a stop string ends it."""

from __future__ import annotations


class ReplyText:
    """Collects the pieces of a reply. White space at its ends is no part of it."""

    def __init__(self, stop: tuple[str, ...] = ()) -> None:
        self._stop = stop
        self._text = ""
        self._shown = 0
        self.stopped = False
        """Whether a stop string has come."""

    @property
    def text(self) -> str:
        """The reply so far."""
        return self._text.rstrip()

    def push(self, piece: str) -> str:
        """Add a piece; return what can be shown now: what no stop string and no end can take back."""
        if self.stopped:
            return ""
        before = len(self._text)
        self._text = self._text + piece if self._text else piece.lstrip()
        longest = max(map(len, self._stop), default=0)
        found = [start for stop in self._stop if (start := self._text.find(stop, max(0, before - longest))) >= 0]
        if found:
            self.stopped = True
            self._text = self._text[: min(found)]
            return self.finish()
        held = max((_overlap(self._text, stop) for stop in self._stop), default=0)
        return self._show(len(self._text[: len(self._text) - held].rstrip()))

    def finish(self) -> str:
        """The rest, at the end."""
        return self._show(len(self.text))

    def _show(self, end: int) -> str:
        shown, self._shown = self._text[self._shown : end], max(self._shown, end)
        return shown


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of `text` may be the beginning of `stop`."""
    return next((size for size in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:size])), 0)
