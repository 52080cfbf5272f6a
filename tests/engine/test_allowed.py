"""A path leads into the operator's folders or nowhere, and a refusal tells nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.datasets.allowed import (
    MAX_ENTRIES,
    Entry,
    allowed_roots,
    list_folder,
    resolve_allowed,
)
from tests.engine.readers.files import refused


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make an allowed folder beside one that is not."""
    for name in ("data/study", "data/.hidden", "data-private", "other"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "data/study/betas.nii.gz").write_bytes(b"123")
    (tmp_path / "data/.hidden/key").write_text("x")
    (tmp_path / "data-private/secret").write_text("x")
    (tmp_path / "other/maps.npy").write_bytes(b"1")
    return tmp_path / "data"


def test_the_operators_folders_come_from_the_environment(root: Path) -> None:
    other = root.parent / "other"
    (root.parent / "link").symlink_to(other)
    text = os.pathsep.join([str(root), "", str(root.parent / "link"), f"{root}/study/.."])
    assert allowed_roots({"JNE_DATA": text}) == (root, other)
    assert allowed_roots({}) == ()
    for wrong in ("data", str(root / "none"), str(root / "study/betas.nii.gz")):
        with refused("JNE_DATA", "absolute paths"):
            allowed_roots({"JNE_DATA": wrong})


def test_what_lies_inside_is_found_however_it_is_written(root: Path) -> None:
    inside = root / "study/betas.nii.gz"
    for path in (inside, str(inside), "study/betas.nii.gz", root / "study/../study/betas.nii.gz"):
        assert resolve_allowed(path, [root]) == inside
    assert resolve_allowed(root, [root]) == root
    assert resolve_allowed(root.parent / "other/maps.npy", [root, root.parent / "other"])


@pytest.mark.parametrize("path", [
    "../data-private/secret", "study/../../data-private/secret", "/etc/passwd", "../none", "..",
    "study/none", "STUDY/betas.nii.gz", ".hidden/key", ".hidden", "study\0/betas.nii.gz",
    "x" * 5000, "~/secret", "study/../.hidden/key", "/proc/self/environ",
])  # fmt: skip
def test_everything_else_is_refused_in_the_same_words(root: Path, path: str) -> None:
    with pytest.raises(UnsafeFileError) as caught:
        resolve_allowed(path, [root])
    assert caught.value.found == "no such thing there"
    assert str(caught.value).isprintable()
    assert str(root.parent) not in str(caught.value)


def test_a_folder_whose_name_begins_alike_is_outside(root: Path) -> None:
    with refused("secret", error=UnsafeFileError):
        resolve_allowed(f"{root}-private/secret", [root])


def test_links_count_as_what_they_lead_to(root: Path) -> None:
    outside, inside = root.parent / "data-private/secret", root / "study/betas.nii.gz"
    (root / "escape").symlink_to(outside)
    (root / "relative").symlink_to("../data-private/secret")
    (root / "folder").symlink_to(outside.parent)
    (root / "hidden").symlink_to(".hidden/key")
    (root / "dangling").symlink_to("none")
    (root / "loop").symlink_to("loop")
    (root / "fine").symlink_to(inside)
    (root.parent / "other/in").symlink_to(inside)
    for name in ("escape", "relative", "folder/secret", "hidden", "dangling", "loop"):
        with refused(Path(name).name, error=UnsafeFileError):
            resolve_allowed(name, [root])
    assert resolve_allowed("fine", [root]) == inside
    assert resolve_allowed(root.parent / "other/in", [root]) == inside


def test_no_folder_and_several_folders_need_whole_paths(root: Path) -> None:
    for roots in ([], [root, root.parent / "other"]):
        with refused("betas.nii.gz", error=UnsafeFileError):
            resolve_allowed("study/betas.nii.gz", roots)
    with refused("betas.nii.gz", "JNE_DATA"):
        resolve_allowed(root / "study/betas.nii.gz", [])


def test_a_link_that_is_turned_after_the_look_changes_nothing(root: Path) -> None:
    link, inside = root / "turned", root / "study/betas.nii.gz"
    link.symlink_to(inside)
    real = resolve_allowed(link, [root])
    link.unlink()
    link.symlink_to(root.parent / "data-private/secret")
    assert real.read_bytes() == b"123"
    with refused("turned", error=UnsafeFileError):
        resolve_allowed(link, [root])


def test_a_listing_shows_what_may_be_chosen(root: Path) -> None:
    (root / "a.npy").write_bytes(b"12345")
    (root / "escape").symlink_to(root.parent / "data-private")
    (root / "fine").symlink_to(root / "study")
    os.mkfifo(root / "pipe")
    listing = list_folder(root, [root])
    folders = (Entry("fine", True, 0), Entry("study", True, 0))
    assert listing.entries == (*folders, Entry("a.npy", False, 5))
    assert listing.n_left_out == 0
    with refused("a.npy", "a folder", error=InputError):
        list_folder(root / "a.npy", [root])
    with refused("data-private", error=UnsafeFileError):
        list_folder(root.parent / "data-private", [root])


def test_a_listing_has_an_end(root: Path) -> None:
    for i in range(MAX_ENTRIES + 3):
        (root / "study" / f"{i:05d}").touch()
    listing = list_folder("study", [root])
    assert len(listing.entries) == MAX_ENTRIES
    assert listing.n_left_out == 4
