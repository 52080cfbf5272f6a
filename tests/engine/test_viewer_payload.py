"""Scenes are checked, named by content, and come back from the container as they went in."""

from dataclasses import replace

import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.viewer.payload import (
    ViewerLabels,
    ViewerMap,
    ViewerScene,
    ViewerShape,
    ViewerSurface,
    pack,
    scene_header,
    split_header,
    unpack,
)

N = 30


def points(seed=0):
    return np.random.default_rng(seed).normal(scale=40, size=(N, 3)).astype(np.float32)


def surface():
    faces = np.array([[i, i + 1, i + 2] for i in range(N - 2)])
    shapes = tuple(
        ViewerShape(name, name, {"left": points(i), "right": points(i + 9)}, flat=name == "flat")
        for i, name in enumerate(("pial", "flat"))
    )
    sides = {"left": faces, "right": faces[:, ::-1]}
    depth = {h: np.linspace(-1, 1, N).astype(np.float32) for h in sides}
    return ViewerSurface("toy", sides, depth, shapes, {h: f[:10] for h, f in sides.items()})


def viewer_map(name="jne", **changes):
    values = np.random.default_rng(len(name)).normal(size=(2, N)).astype(np.float32)
    values[0, 3] = np.nan
    given = {"name": name, "label": "JNE", "unit": "a.u.", "left": values[0], "right": values[1]}
    return ViewerMap(**(given | changes))


def scene(**changes):
    labels = ViewerLabels("areas", ("V1", "V2"), np.arange(N) % 3, np.zeros(N, int))
    maps = (viewer_map(), viewer_map("delta", kind="diverging", threshold=0.5))
    options = {"title": "T", "provenance": "seed 0", "labels": (labels,)}
    return ViewerScene(surface(), maps, **(options | changes))


def test_container_returns_every_array_and_the_header():
    one = scene()
    header, blobs = unpack(pack(scene_header(one, key="k"), one.blobs().values()))
    assert header == scene_header(one, key="k")
    for key, blob in one.blobs().items():
        for name, array in blob.arrays.items():
            np.testing.assert_array_equal(blobs[key].arrays[name], np.ravel(array))


def test_values_travel_bit_for_bit():
    one = scene()
    _, blobs = unpack(pack({}, [one.maps[0].exact_blob]))
    sent = blobs[one.maps[0].exact_blob.hash].arrays["left"]
    assert sent.tobytes() == one.maps[0].left.tobytes()


def test_positions_are_kept_to_a_step_of_the_grid():
    shape = surface().shapes[0]
    blob = shape.blob
    for hemi, exact in shape.points.items():
        step = np.array(blob.meta["step"][hemi])
        back = blob.arrays[hemi].reshape(-1, 3) * step + blob.meta["low"][hemi]
        assert (np.abs(back - exact) <= 0.5001 * step).all()


def test_equal_content_has_one_name_and_other_content_another():
    assert viewer_map().exact_blob.hash == viewer_map().exact_blob.hash
    other = viewer_map().left.copy()
    other[0] += 1
    assert viewer_map(left=other).exact_blob.hash != viewer_map().exact_blob.hash


def test_half_precision_halves_the_values_and_names_the_exact_ones():
    half = viewer_map(wire="float16")
    assert half.wire_blob.n_bytes * 2 == half.exact_blob.n_bytes
    entry = scene_header(replace(scene(), maps=(half,)), key="k")["maps"][0]
    assert entry["exact"] == half.exact_blob.hash != entry["hash"]
    assert scene_header(scene(), key="k")["maps"][0]["exact"] is None


def masks():
    kept = np.random.default_rng(3).random((2, N)) > 0.5
    return {"mask_left": kept[0], "mask_right": kept[1]}


def test_masks_travel_as_bits():
    masked = viewer_map(**masks())
    assert masked.exact_blob.n_bytes == 2 * (4 * N + 4)
    _, blobs = unpack(pack({}, [masked.exact_blob]))
    arrays = blobs[masked.exact_blob.hash].arrays
    for hemi in ("left", "right"):
        np.testing.assert_array_equal(arrays[f"{hemi}.mask"], masked.mask(hemi))
        assert arrays[hemi].tobytes() == masked.values(hemi).tobytes()


@pytest.mark.parametrize("special", [np.nan, np.inf, 65504.0, 1e-7, -0.0])
def test_a_mask_costs_half_precision_no_byte_and_hardly_any_precision(special):
    left = viewer_map().left.copy()
    left[5] = special
    half = viewer_map(left=left, wire="float16", **masks())
    assert half.wire_blob.n_bytes == 2 * 2 * N
    for hemi in ("left", "right"):
        bits = half.wire_blob.arrays[hemi]
        np.testing.assert_array_equal(bits & 1 == 1, half.mask(hemi))
        back = (bits & 0xFFFE).astype("<u2").view("<f2")
        np.testing.assert_allclose(back, half.values(hemi), rtol=2e-3, atol=2e-7)


def test_a_hemisphere_without_mask_is_kept_whole():
    half = viewer_map(wire="float16", mask_left=masks()["mask_left"])
    assert (half.wire_blob.arrays["right"] & 1 == 1).all()


def test_half_precision_refuses_values_that_it_cannot_hold():
    huge = np.full(N, 1e6, np.float32)
    with pytest.raises(InputError, match="float16"):
        _ = viewer_map(left=huge, wire="float16").wire_blob


def test_the_first_picture_needs_the_first_map_only():
    one = scene(panes=("delta",))
    start = one.start_hashes()
    assert one.maps[1].wire_blob.hash in start
    assert one.maps[0].wire_blob.hash not in start
    assert set(start) <= set(one.blobs())


def test_header_is_small_and_says_what_the_reader_must_know():
    header = scene_header(scene(simulated=True, marked={"left": np.array([3, 1])}), key="k")
    assert header["simulated"] is True
    assert header["marked"] == [{"hemi": "left", "vertices": [3, 1]}]
    assert header["maps"][1]["threshold"] == {"mode": "value", "amount": 0.5, "twoSided": True}
    message, description = split_header(header)
    assert {**description.meta, **message} == {**header, "scene": description.hash}
    assert len(pack(message, [])) < 400
    plain = split_header(scene_header(scene(), key="other"))[1].hash
    for changes in ({"view": "medial"}, {"panes": ("delta",)}):
        assert split_header(scene_header(scene(**changes), key="k"))[1].hash == plain


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"maps": (viewer_map(), viewer_map())}, "more than once"),
        ({"panes": ("gone",)}, "gone"),
        ({"view": "sideways"}, "sideways"),
        ({"shape": "sphere"}, "sphere"),
        ({"maps": (viewer_map(left=np.zeros(N + 1, np.float32)),)}, str(N + 1)),
    ],
)
def test_scenes_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        replace(scene(), **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"left": np.zeros(N)}, "float32"),
        ({"left": None, "right": None}, "hemisphere"),
        ({"kind": "categorical"}, "categories"),
        ({"mask_left": np.ones(N + 2, bool)}, "mask"),
        ({"colours": "jet"}, "jet"),
    ],
)
def test_maps_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        viewer_map(**changes)


def test_labels_outside_the_names_are_refused():
    with pytest.raises(InputError, match=r"0\.\.2"):
        ViewerLabels("areas", ("V1", "V2"), np.array([0, 3]), None)


def test_a_flat_shape_needs_its_own_faces():
    with pytest.raises(InputError, match="flat_faces"):
        replace(surface(), flat_faces={})


def test_unknown_depth_is_neither_sulcus_nor_gyrus():
    depth = np.array([np.nan, 1.0, -1.0], np.float32)
    faces = {"left": np.array([[0, 1, 2]])}
    shape = ViewerShape("pial", "Pial", {"left": np.eye(3, dtype=np.float32)})
    one = ViewerSurface("toy", faces, {"left": depth}, (shape,))
    sent = one.topology.arrays["left.sulcus"]
    assert sent[0] == 128
    assert sent[1] > 128 > sent[2]
