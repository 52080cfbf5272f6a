"""A story keeps what was pinned, in order, through crashes, other writers and one-file travel."""

from __future__ import annotations

import io
import multiprocessing
import random
import zipfile
from dataclasses import fields

import msgspec
import numpy as np
import pytest
from PIL import Image

from jne_engine.core.errors import InputError, StoreError
from jne_engine.report import stories
from jne_engine.report.stories import Pin, PinContents, folder
from tests.amounts import N_ALTERED, choose_amount


def draw_png(seed=0, size=(8, 6)) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (*size[::-1], 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


FIGURE = PinContents(picture=draw_png(), vector="<svg/>", table="a,b\n1,2\n", figure='{"data": []}')
BRAIN = PinContents(picture=draw_png(1), brain=b"\x1f\x8b payload", view='{"view": "lateral"}')


def a_pin(title="Mean JNE of ROIs", **more) -> Pin:
    return Pin(
        kind="figure", title=title, caption="n = 3", page="hierarchy",
        address={"run": "r1", "roi": "V1"}, runs=("r1",), simulated=True, **more,
    )  # fmt: skip


@pytest.fixture
def story(tmp_path):
    made = stories.create_story(tmp_path, "Lab meeting, 3 May")
    for title, contents in (("one", FIGURE), ("two", BRAIN), ("three", FIGURE)):
        made = stories.add_pin(tmp_path, made.id, a_pin(title), contents)
    return made


def titles(root, story_id) -> list[str]:
    return [pin.title for pin in stories.read_story(root, story_id).pins]


def test_what_is_pinned_is_read_again(tmp_path, story):
    found = stories.read_story(tmp_path, story.id)
    assert found == story
    assert found.pins[0].address == {"run": "r1", "roi": "V1"}
    for pin, expected in zip(found.pins, (FIGURE, BRAIN, FIGURE), strict=True):
        kept = stories.read_contents(tmp_path, story.id, pin.id)
        for part in fields(PinContents):
            assert getattr(kept, part.name) == getattr(expected, part.name)


def test_stories_are_listed_by_their_last_change(tmp_path, story):
    other = stories.create_story(tmp_path, "Other")
    assert [s.id for s in stories.list_stories(tmp_path)[0]] == [other.id, story.id]
    stories.rename_story(tmp_path, story.id, "  Renamed\n twice ")
    found, problems = stories.list_stories(tmp_path)
    assert [s.name for s in found] == ["Renamed twice", "Other"]
    assert problems == ()


def test_pins_are_moved_edited_copied_and_removed(tmp_path, story):
    _, two, three = (pin.id for pin in story.pins)
    stories.move_pin(tmp_path, story.id, three, 0)
    assert titles(tmp_path, story.id) == ["three", "one", "two"]
    stories.move_pin(tmp_path, story.id, three, 99)
    assert titles(tmp_path, story.id) == ["one", "two", "three"]
    stories.edit_pin(tmp_path, story.id, two, title="TWO", notes="say this")
    copied = stories.duplicate_pin(tmp_path, story.id, two)
    assert titles(tmp_path, story.id) == ["one", "TWO", "TWO", "three"]
    copy = copied.pins[2]
    assert (copy.notes, copy.caption, copy.id != two) == ("say this", "n = 3", True)
    stories.remove_pin(tmp_path, story.id, two)
    assert titles(tmp_path, story.id) == ["one", "TWO", "three"]
    assert stories.read_contents(tmp_path, story.id, copy.id).brain == BRAIN.brain
    with pytest.raises(InputError, match="reload the page"):
        stories.remove_pin(tmp_path, story.id, two)
    stories.remove_story(tmp_path, story.id)
    assert stories.list_stories(tmp_path) == ((), ())
    assert list((tmp_path / "stories").iterdir()) == []


@pytest.mark.parametrize("call", [
    lambda root, s: stories.create_story(root, "   "),
    lambda root, s: stories.create_story(root, "x" * 201),
    lambda root, s: stories.read_story(root, "../../etc"),
    lambda root, s: stories.read_story(root, "none-here"),
    lambda root, s: stories.rename_story(root, "none-here", "x"),
    lambda root, s: stories.read_contents(root, s.id, "../.."),
    lambda root, s: stories.edit_pin(root, s.id, s.pins[0].id, title="x" * 201),
    lambda root, s: PinContents(picture=b"GIF89a" + bytes(40)),
    lambda root, s: PinContents(picture=draw_png(), vector="<svg><script>1</script></svg>"),
    lambda root, s: PinContents(picture=draw_png(), vector='<svg><g onclick = "x()"/></svg>'),
    lambda root, s: PinContents(picture=draw_png(), vector="<svg><ForeignObject/></svg>"),
    lambda root, s: PinContents(
        picture=draw_png(), vector='<svg><a href="java\nscript:x()"/></svg>'
    ),
    lambda root, s: PinContents(
        picture=draw_png(), vector='<svg><image href="https://a.example/b.png"/></svg>'
    ),
    lambda root, s: PinContents(picture=draw_png(), vector="<svg><g></svg>"),
    lambda root, s: PinContents(picture=draw_png()[:16] + b"\xff" * 8),
])  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(tmp_path, story, call):
    with pytest.raises(InputError) as caught:
        call(tmp_path, story)
    assert str(caught.value).isprintable()
    assert stories.read_story(tmp_path, story.id) == story


def test_a_broken_story_is_told_and_hides_no_other(tmp_path, story):
    broken = stories.create_story(tmp_path, "Broken")
    (tmp_path / "stories" / broken.id / "story.json").write_text('{"id": 3}')
    found, problems = stories.list_stories(tmp_path)
    assert [s.id for s in found] == [story.id]
    assert len(problems) == 1
    assert problems[0].isprintable()


def test_a_crash_while_pinning_leaves_the_story_as_it_was(tmp_path, story, monkeypatch):
    for step in ("sync_tree", "_write"):
        with monkeypatch.context() as patch:
            patch.setattr(folder, step, fail_as_a_crash_does)
            with pytest.raises(KeyboardInterrupt):
                stories.add_pin(tmp_path, story.id, a_pin("lost"), BRAIN)
        assert stories.read_story(tmp_path, story.id) == story


def fail_as_a_crash_does(*_args):
    raise KeyboardInterrupt


def test_a_full_disk_is_one_line_and_leaves_no_debris(tmp_path, story, monkeypatch):
    def fail(*_args):
        raise OSError(28, "No space left on device")

    before = sorted(p.name for p in (tmp_path / "stories" / story.id / "pins").iterdir())
    monkeypatch.setattr(folder, "sync_tree", fail)
    with pytest.raises(StoreError, match="No space left"):
        stories.add_pin(tmp_path, story.id, a_pin("lost"), BRAIN)
    assert sorted(p.name for p in (tmp_path / "stories" / story.id / "pins").iterdir()) == before


def pin_ten(root, story_id, name):
    for number in range(10):
        stories.add_pin(root, story_id, a_pin(f"{name}{number}"), FIGURE)


def test_two_writers_lose_nothing(tmp_path):
    story = stories.create_story(tmp_path, "Shared")
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=pin_ten, args=(tmp_path, story.id, n)) for n in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert sorted(titles(tmp_path, story.id)) == sorted(f"{n}{i}" for n in "ab" for i in range(10))


def test_a_story_travels_as_one_file(tmp_path, story):
    parcel = stories.pack_story(tmp_path, story.id)
    taken = stories.unpack_story(tmp_path / "elsewhere", parcel)
    assert taken.name == story.name
    for old, new in zip(story.pins, taken.pins, strict=True):
        assert msgspec.structs.replace(new, id=old.id) == old
        kept = stories.read_contents(tmp_path / "elsewhere", taken.id, new.id)
        assert kept == stories.read_contents(tmp_path, story.id, old.id)


def rewrite(parcel: bytes, **files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(parcel)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, files.get(name.split("/")[-1].split(".")[0], old.read(name)))
    return out.getvalue()


def test_files_that_are_no_story_are_refused_and_leave_nothing(tmp_path, story):
    parcel = stories.pack_story(tmp_path, story.id)
    bad = [b"", b"PK", parcel[:-40], rewrite(parcel, story=b"{}"), rewrite(parcel, story=b"[1]"),
           rewrite(parcel, picture=b"<svg/>"), rewrite(parcel, figure=b"\xff\xfe"),
           rewrite(parcel, story=parcel)]  # fmt: skip
    elsewhere = tmp_path / "elsewhere"
    for content in bad:
        with pytest.raises(InputError) as caught:
            stories.unpack_story(elsewhere, content)
        assert str(caught.value).isprintable()
    assert stories.list_stories(elsewhere) == ((), ())


def test_a_bomb_is_refused_before_it_is_read(tmp_path, monkeypatch, story):
    parcel = stories.pack_story(tmp_path, story.id)
    monkeypatch.setattr("jne_engine.report.stories.parcel.MAX_PARCEL_BYTES", 100)
    with pytest.raises(InputError, match="at most 100 bytes"):
        stories.unpack_story(tmp_path / "elsewhere", parcel)


@pytest.mark.parametrize(("offset", "value"), [(8, 1), (10, 12), (10, 14), (10, 99)])
def test_files_packed_another_way_are_refused(tmp_path, story, offset, value):
    content = bytearray(stories.pack_story(tmp_path, story.id))
    content[content.rindex(b"PK\x01\x02") + offset] = value  # the last file's flags or method
    with pytest.raises(InputError, match="stored or deflated"):
        stories.unpack_story(tmp_path / "elsewhere", bytes(content))


def test_altered_files_never_pass_as_another_error(tmp_path, story):
    parcel, rng = stories.pack_story(tmp_path, story.id), random.Random(0)
    n_altered, refused = choose_amount(N_ALTERED, full=300), 0
    for _ in range(n_altered):
        content = bytearray(parcel)
        for _ in range(rng.randint(1, 8)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        try:
            stories.unpack_story(tmp_path / "elsewhere", bytes(content))
        except InputError as error:
            assert str(error).isprintable()  # noqa: PT017 - both outcomes are right
            refused += 1
    assert refused > n_altered // 3


def test_an_svg_may_show_text_that_looks_like_code():
    label = "<svg><text> one = 1, onload = x, &lt;script&gt; javascript:</text></svg>"
    assert PinContents(picture=draw_png(), vector=label).vector == label
