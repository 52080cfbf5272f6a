"""What every layout of data answers, so that pages, commands and jobs know none of them.

A layout is a folder of this package with a ``source.py`` that holds ``SOURCE``, and one line in
:mod:`jne_engine.datasets.registry`.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Protocol, get_args, get_type_hints

from jne_engine.core.citations import Citation
from jne_engine.core.progress import StageProgress
from jne_engine.datasets.dataset import DESCRIPTION_NAME, EncodingDataset
from jne_engine.datasets.folder import check_free, write_description
from jne_engine.datasets.preview import Preview, preview_dataset
from jne_engine.formats.guard import check_inside, keep_name


@dataclass(frozen=True)
class Option:
    """One choice that an import leaves open: an option of its command, a widget of the page.

    Parameters
    ----------
    name : str
        Field of the layout's request.
    kind : type
        ``str``, ``int``, ``bool`` or ``Path``, of one value.
    label : str
        What the page calls it; the page does not ask where it is empty.
    help : str
        For the command line.
    flag : str
        Of the command line, where it is not the name.
    values : tuple
        Values to choose from; any where empty.
    names : mapping
        What values are called on the page.
    text : str
        Format of a value without a name.
    default : object
        Where the request has none or the page another.
    several : bool
        Takes a list.
    divides : bool
        Each chosen value becomes an import of its own, as subjects do.
    required : bool
        Of the command line, where the request has no default.
    free : bool
        Whether the page takes values that are not listed.
    limits : (int, int)
        Least and largest number that the page takes.
    is_folder : bool
        Whether a path is a folder's.
    """

    name: str
    kind: type = str
    label: str = ""
    help: str = ""
    flag: str = ""
    values: tuple[Any, ...] = ()
    names: Mapping[Any, str] = field(default_factory=dict)
    text: str = "{}"
    default: Any = None
    several: bool = False
    divides: bool = False
    required: bool = False
    free: bool = False
    limits: tuple[int, int] = (0, 10**6)
    is_folder: bool = False

    def show(self, value: Any) -> str:
        """Return what a value is called."""
        return self.names.get(value, self.text.format(value))


@dataclass(frozen=True)
class Found:
    """What a folder is, told from names of files alone.

    Parameters
    ----------
    kind : str
        Layout that takes it; ``"images"`` can only give features; ``""``: nothing known.
    title : str
        What a person calls it.
    detail : str
        By what it was recognised.
    subjects : tuple
        Subjects that are there, as the layout counts them.
    files, folders : tuple of str
        Files, and folders of pictures, among which a person chooses.
    """

    kind: str
    title: str = ""
    detail: str = ""
    subjects: tuple[Any, ...] = ()
    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


class DatasetSource(Protocol):
    """A layout of data; subclass :class:`CopiedSource` or :class:`LinkedSource`.

    Attributes
    ----------
    kind, title : str
        Name for the engine and for people.
    hint : str
        By what a person finds its folder, in Markdown.
    help : str
        Of its command; without, there is no command.
    request_type : type
        Dataclass of what to import; fields with paths are found by their type.
    folder_field : str
        Field of the request that holds the folder; empty where paths are given one by one.
    options : tuple of Option
        What the request leaves open.
    volumes : tuple of str
        Names of its spaces whose columns are voxels; those of all others are vertices.
    citations : tuple of Citation
        Whom a run on such data cites.
    words : tuple of str
        Lower-case words by which a run's sentence on its source tells this layout.
    copies : bool
        Whether responses are copied; otherwise files stay where they are.
    """

    kind: str
    title: str
    hint: str = ""
    help: str = ""
    request_type: type
    folder_field: str = "folder"
    options: tuple[Option, ...] = ()
    volumes: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    words: tuple[str, ...] = ()
    copies: bool

    @abstractmethod
    def recognise(self, folder: Path) -> Found | None:
        """Tell whether a folder has this layout; no file is opened."""
        ...

    @abstractmethod
    def preview(
        self, request: Any, *, measure: bool = True, allowed_root: Path | None = None
    ) -> Preview:
        """Tell what an import would do; ``measure``: read a few blocks to estimate the time."""
        ...

    @abstractmethod
    def bring(self, request: Any, out: Path, *, report: StageProgress) -> Path:
        """Write what a run reads into a folder, and return it."""
        ...

    def find_images(self, folder: Path) -> Path | None:
        """Return where the images lie, None where they are not there."""
        del folder
        return None

    def offer(self, found: Any, chosen: Mapping[str, Any]) -> tuple[Option, ...]:
        """Return what to ask in a folder, in order, as far as ``chosen`` lets it be known.

        What follows may depend on what was chosen; what was asked before may not change its place.
        """
        del chosen
        return tuple(_narrow(option, found) for option in self.options if option.label)

    def lacks(self, found: Any, chosen: Mapping[str, Any]) -> str:
        """Say what stands in the way of an import, in Markdown; empty where nothing does."""
        del found
        asked = [option for option in self.options if option.divides]
        return next((f"Choose: {o.label.lower()}." for o in asked if not chosen.get(o.name)), "")

    def settle(self, folder: Path, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request's choices from what a person chose on the page."""
        del folder
        return {name: value for name, value in chosen.items() if value is not None}

    def name_parts(self, folder: Path, choices: Mapping[str, Any]) -> tuple[str, ...]:
        """Return words that name the dataset."""
        del choices
        return (folder.name,)

    def request(self, folder: Path, choices: Mapping[str, Any]) -> Any:
        """Return the request of plain values: lists become tuples, paths start in the folder."""
        hints = get_type_hints(self.request_type)
        values = {k: _convert(folder, hints.get(k), value) for k, value in choices.items()}
        return self.request_type(**{**({self.folder_field: folder} if self.folder_field else {}),
                                    **values})  # fmt: skip

    def default(self, option: Option) -> Any:
        """Return an option's default: its own, else the request's, else None."""
        if option.default is not None:
            return option.default
        found = next((f for f in fields(self.request_type) if f.name == option.name), None)
        return None if found is None or found.default is MISSING else found.default


class CopiedSource(DatasetSource):
    """A layout whose responses are copied into a folder of this program."""

    folder_field: str = "root"
    copies: bool = True


class LinkedSource(DatasetSource):
    """A layout that is read where it lies; an import writes a description that names its files."""

    copies: bool = False
    is_described: bool = True
    """Whether a ``dataset.toml`` may name this kind."""

    @abstractmethod
    def read_files(self, request: Any) -> EncodingDataset:
        """Read the dataset."""

    def look(self, request: Any) -> EncodingDataset:
        """Read the dataset for a preview or a check, as far as it is there."""
        return self.read_files(request)

    def find_pictures(self, request: Any) -> Path | None:
        """Return where the images lie that features can be extracted from, None without."""
        del request
        return None

    def read(self, request: Any, *, allowed_root: Path | None = None) -> EncodingDataset:
        """Read the dataset for a look; nothing outside ``allowed_root`` is opened.

        Raises
        ------
        UnsafeFileError
            If a file lies outside.
        """
        if allowed_root is not None:
            for path in request.paths():
                check_inside(path, allowed_root)
        return self.look(request)

    def preview(
        self, request: Any, *, measure: bool = True, allowed_root: Path | None = None
    ) -> Preview:
        """Tell what was read of files that stay where they are."""
        del measure
        return preview_dataset(self.read(request, allowed_root=allowed_root))

    def bring(self, request: Any, out: Path, *, report: StageProgress) -> Path:
        """Write the description that names the files, which must have been read before."""
        del report
        path = out / DESCRIPTION_NAME
        check_free(path)
        out.mkdir(parents=True, exist_ok=True)
        values: dict[str, Any] = {"kind": self.kind}
        for entry in fields(request):
            value = getattr(request, entry.name)
            if value is not None and (entry.default is MISSING or value != entry.default):
                values[entry.name] = _relative(value, out)
        write_description(path, values)
        return path


def count_subjects(subjects: Sequence[Any]) -> str:
    """Return how many subjects there are, as a person says it."""
    return f"{len(subjects)} subject{'s' * (len(subjects) != 1)}"


def divide(source: DatasetSource, choices: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the choices of each import: one a value where an option divides."""
    divides = next((o.name for o in source.options if o.divides), "")
    if not isinstance(choices.get(divides), Sequence):
        return [dict(choices)]
    return [{**choices, divides: value} for value in choices[divides]]


def _narrow(option: Option, found: Found) -> Option:
    """Return an option with what is there: subjects, or files."""
    if option.divides:
        return replace(option, values=found.subjects, default=found.subjects[:1])
    if option.kind is not Path:
        return option
    return replace(option, values=found.folders if option.is_folder else found.files)


def _convert(folder: Path, hint: Any, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _convert(folder, _value_hint(hint), entry) for key, entry in value.items()}
    if Path in (get_args(hint) or (hint,)):
        return folder / value
    return tuple(value) if isinstance(value, list) else value


def _value_hint(hint: Any) -> Any:
    """Return the type of a mapping's values within a union."""
    mappings = [h for h in (hint, *get_args(hint)) if len(get_args(h)) == 2 and h is not hint]
    return get_args(mappings[0])[1] if mappings else None


def _relative(value: Any, out: Path) -> Any:
    """Return paths relative to the description; other values as they are."""
    if isinstance(value, Path):
        return os.path.relpath(keep_name(value), out.resolve())
    if isinstance(value, Mapping):
        return {key: _relative(entry, out) for key, entry in value.items()}
    return list(value) if isinstance(value, tuple) else value
