"""Find Tesseract, an optional OCR engine: the library that runs it, and the folder with its languages.

The library (the package `tesserocr`, whose wheels contain Tesseract) runs in the confined worker processes, which may
read the folder.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

from cogdoc.errors import MissingError, UsageError

DEFAULT_LANGUAGE = "eng"

_SUFFIX = ".traineddata"
_FOLDERS = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/share/tesseract/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)


@dataclass(frozen=True, slots=True)
class Tesseract:
    """The languages to read, and where their data is."""

    languages: tuple[str, ...]
    folder: str

    @property
    def language(self) -> str:
        """As Tesseract takes it, such as "deu+rus"."""
        return "+".join(self.languages)

    def data_state(self) -> tuple[tuple[int, int], ...]:
        """The size and the time of the last change of each language's data, which differ from those of other data."""
        files = (Path(self.folder, f"{name}{_SUFFIX}") for name in self.languages)
        return tuple((status.st_size, status.st_mtime_ns) for status in (file.stat() for file in files))


def find_tesseract(language: str | None = None) -> Tesseract:
    """Tesseract with the languages in `language`, such as "deu+rus".

    Raises:
        UsageError: `language` is not a list of languages.
        MissingError: the library, or the data of a language, is not installed.
    """
    languages = tuple((language or DEFAULT_LANGUAGE).split("+"))
    if not all(name.replace("_", "").replace("/", "").isalnum() for name in languages):
        raise UsageError(f"--language: {language!r} is not a list of languages such as deu+rus")
    if not has_library():
        raise MissingError("Tesseract's library is not installed", "pip install 'cogdoc[tesseract]'")
    folder = data_folder()
    installed = languages_in(folder)
    missing = [name for name in languages if name not in installed]
    if folder is None or missing:
        raise MissingError(
            f"Tesseract has no data for the language {' or '.join(missing)}",
            f"installed: {', '.join(installed) or 'none'}; install a package such as tesseract-ocr-{missing[0]}, or "
            "name the folder of its .traineddata file in TESSDATA_PREFIX",
        )
    return Tesseract(languages, str(folder))


def tesseract_for(ocr: str, language: str | None) -> Tesseract | None:
    """Tesseract if it is the OCR engine named `ocr`, None for RapidOCR.

    Raises:
        UsageError: no engine has that name, or RapidOCR is given a language.
        MissingError: as of `find_tesseract`.
    """
    if ocr == "tesseract":
        return find_tesseract(language)
    if ocr != "rapidocr":
        raise UsageError(f"--ocr: there is no OCR engine named {ocr!r}", "engines: rapidocr, tesseract")
    if language is not None:
        raise UsageError("--language is for --ocr tesseract; RapidOCR takes no language")
    return None


def has_library() -> bool:
    return importlib.util.find_spec("tesserocr") is not None


def data_folder() -> Path | None:
    """The folder with the data of languages that this machine has."""
    prefix = os.environ.get("TESSDATA_PREFIX")
    named = [Path(prefix), Path(prefix, "tessdata")] if prefix and Path(prefix).is_absolute() else []
    return next((folder for folder in (*named, *map(Path, _FOLDERS)) if languages_in(folder)), None)


def languages_in(folder: Path | None) -> tuple[str, ...]:
    """The languages whose data a folder has, such as `deu` or `script/Cyrillic`."""
    if folder is None or not folder.is_dir():
        return ()
    files = (*folder.glob(f"*{_SUFFIX}"), *folder.glob(f"script/*{_SUFFIX}"))
    names = (file.relative_to(folder).as_posix().removesuffix(_SUFFIX) for file in files)
    return tuple(sorted(name for name in names if name != "osd"))
