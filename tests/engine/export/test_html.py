"""One HTML file holds the scene exactly, says what it is, and asks nobody for anything."""

import base64
import gzip
import re
from dataclasses import replace

import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.report.export.html import export_html, offline_html
from jne_engine.viewer.payload import unpack
from tests.engine.test_viewer_payload import N, scene, viewer_map


def payload(text):
    encoded = re.search(r'id="payload">([^<]*)<', text).group(1)
    return unpack(gzip.decompress(base64.b64decode(encoded)))


def unplane(raw, packing):
    """Undo byte planes and differences, slowly."""
    dtype = np.dtype(f"<{packing['type']}")
    items = raw.reshape(dtype.itemsize, -1).T.copy().view(dtype).ravel()
    if packing["stride"]:
        for i in range(packing["stride"], len(items)):
            items[i] = (int(items[i]) + int(items[i - packing["stride"]])) % 2 ** (
                8 * dtype.itemsize
            )
    return items


def test_every_array_can_be_restored_exactly():
    one = scene(shape="pial")
    header, blobs = payload(offline_html(one))
    original = one.blobs()
    assert {m["hash"] for m in header["maps"]} <= set(blobs)
    for key, blob in blobs.items():
        for name, raw in blob.arrays.items():
            restored = unplane(raw, blob.meta["packing"][name])
            assert restored.tobytes() == np.ravel(original[key].arrays[name]).tobytes()


def test_rounded_maps_are_replaced_by_exact_ones():
    half = viewer_map(wire="float16")
    header, blobs = payload(offline_html(replace(scene(), maps=(half,))))
    assert header["maps"][0]["hash"] == half.exact_blob.hash
    assert half.wire_blob.hash not in blobs
    restored = unplane(blobs[half.exact_blob.hash].arrays["left"], {"type": "f4", "stride": 0})
    assert len(restored) == N


def test_the_file_names_no_address_and_says_simulated():
    text = offline_html(scene(simulated=True, title="A <b> & c"))
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text
    assert "SIMULATED. seed 0" in text
    assert "<title>A &lt;b&gt; &amp; c</title>" in text


def test_only_the_wanted_shapes_travel(tmp_path):
    path = export_html(scene(), tmp_path / "brain.html", shapes=("flat",))
    header, _ = payload(path.read_text())
    assert [g["name"] for g in header["geometries"]] == ["flat"]
    with pytest.raises(InputError, match="sphere"):
        offline_html(scene(), shapes=("sphere",))
