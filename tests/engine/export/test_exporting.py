"""Every export read back, by our readers and by nibabel or pandas alone, is the store's maps."""

from __future__ import annotations

import json
import zipfile

import nibabel as nib
import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest

from jne_engine.analysis import maps, regions
from jne_engine.core.errors import CancelledError, InputError
from jne_engine.core.palettes import ROI_COLOURS, rgb
from jne_engine.cortex.spaces import SurfaceSpace, VolumeSpace
from jne_engine.cortex.surfaces import load_cortex_vertices
from jne_engine.formats.labels import read_labels
from jne_engine.formats.surface_values import read_surface_values
from jne_engine.formats.volumes import read_volume
from jne_engine.report.export.exporting import export_run, export_zip, name_export
from jne_engine.report.export.formats import FORMATS, list_refusals
from jne_engine.runs.store import Run
from tests.synthetic_run import ROI_NAMES, write_synthetic_run

N_VOXELS = 288  # of a synthetic run: 12 blocks of 24
SIDES = {"left": "L", "right": "R"}
HOSTILE = ("=1+1", "<script>alert(1)</script>", "../../x", "@a\tb", "-1\n2", "]]>&amp;")


@pytest.fixture(scope="module")
def surface_run(synthetic_root):
    return Run(next(synthetic_root.glob("[!.]*")))


def make_run(root, space=None, **choices):
    return Run(write_synthetic_run(root, space=space, **choices))


def on_fsaverage5():
    rng = np.random.default_rng(3)
    left, right = (rng.permutation(10242)[:144].astype(np.int64) for _ in range(2))
    return SurfaceSpace("fsaverage5", left, right)


def in_volume():
    flat = np.random.default_rng(4).permutation(9 * 10 * 11)[:N_VOXELS]
    voxels = np.stack(np.unravel_index(flat, (9, 10, 11)), axis=1).astype(np.int64)
    affine = np.array([[-1.8, 0, 0.2, 7], [0, 1.8, 0, -5], [0, 0.1, 1.8, 3], [0, 0, 0, 1]])
    return VolumeSpace((9, 10, 11), affine, voxels, "func1pt8mm")


@pytest.fixture(scope="module")
def mesh_run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("mesh"), on_fsaverage5())


@pytest.fixture(scope="module")
def volume_run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("volume"), in_volume())


def numeric(run):
    return [i for i in maps.list_maps(run) if i.kind in ("sequential", "diverging", "mask")]


def loop_over_mesh(run, values, hemi, n_vertices):
    """Put one value after another on its vertex: slow and obvious."""
    space = maps.read_surface(run)
    spread = np.full(n_vertices, np.nan, dtype=np.float32)
    offset = 0 if hemi == "left" else len(space.left)
    for i, vertex in enumerate(space.vertices(hemi)):
        spread[vertex] = values[offset + i]
    return spread


def roi_names(run, hemi, n_vertices):
    """Return the name of the first ROI that each vertex lies in."""
    rois, space = maps.choose_roi_set(run), maps.read_surface(run)
    names = np.full(n_vertices, "", dtype=object)
    offset = 0 if hemi == "left" else len(space.left)
    for i, vertex in enumerate(space.vertices(hemi)):
        inside = [n for n, mask in zip(rois.names, rois.masks, strict=True) if mask[offset + i]]
        names[vertex] = inside[0] if inside else ""
    return names


def named(labels, hemi):
    return np.array(labels.names, dtype=object)[labels.index[hemi]]


def test_gifti_comes_back_exactly_on_each_hemisphere(surface_run, tmp_path):
    folder = export_run(surface_run, "gifti", tmp_path / "out")
    for info in numeric(surface_run):
        values = maps.read_map(surface_run, info.name)
        for hemi, letter in SIDES.items():
            path = folder / f"hemi-{letter}_SIMULATED-{info.name}.shape.gii"
            expected = loop_over_mesh(surface_run, values, hemi, 32492)
            ours = read_surface_values(path)
            np.testing.assert_array_equal(ours.parts[hemi][0], expected)
            image = nib.load(path)
            (array,) = image.darrays
            assert array.data.dtype == np.float32
            np.testing.assert_array_equal(array.data, expected)
            assert nib.nifti1.intent_codes.niistring[array.intent] == "NIFTI_INTENT_SHAPE"
            assert image.meta["AnatomicalStructurePrimary"] == f"Cortex{hemi.capitalize()}"
            assert array.meta["Name"].startswith(f"SIMULATED {info.label}")
            assert array.meta.get("Units", "") == info.unit
            assert ours.names == (array.meta["Name"],)


def test_gifti_labels_keep_names_and_the_projects_colours(surface_run, tmp_path):
    folder = export_run(surface_run, "gifti", tmp_path / "out", maps=["roi"])
    for hemi, letter in SIDES.items():
        path = folder / f"hemi-{letter}_SIMULATED-roi-hcp-mmp.label.gii"
        assert list(named(read_labels(path), hemi)) == list(roi_names(surface_run, hemi, 32492))
        table = nib.load(path).labeltable
        assert [x.label for x in table.labels] == ["???", *ROI_NAMES]
        found = {x.label: tuple(round(255 * c) for c in x.rgba[:3]) for x in table.labels[1:]}
        assert found == {name: rgb(ROI_COLOURS[name]) for name in ROI_NAMES}


@pytest.mark.parametrize("standard", [False, True])
def test_cifti_holds_all_vertices_or_the_standard_ones(surface_run, tmp_path, standard):
    run = surface_run
    if standard:
        left, right = (load_cortex_vertices(h)[::200][:144] for h in ("left", "right"))
        run = make_run(tmp_path / "runs", SurfaceSpace("fsLR32k", left, right))
    folder = export_run(run, "cifti", tmp_path / "out")
    path = folder / "SIMULATED-maps.dscalar.nii"
    ours, image = read_surface_values(path), nib.load(path)
    assert image.shape[1] == (59412 if standard else 64984)
    assert f"{image.shape[1]:,}" in (folder / "README.txt").read_text()
    assert image.nifti_header.get_intent()[0] == "ConnDenseScalar"
    scalars, models = (image.header.get_axis(i) for i in range(2))
    assert list(ours.names) == list(scalars.name)
    for row, info in enumerate(numeric(run)):
        assert scalars.meta[row].get("Units", "") == info.unit
        values = maps.read_map(run, info.name)
        for hemi in SIDES:
            expected = loop_over_mesh(run, values, hemi, 32492)
            np.testing.assert_array_equal(ours.parts[hemi][row], expected)
            part = models.name == f"CIFTI_STRUCTURE_CORTEX_{hemi.upper()}"
            alone = np.asarray(image.dataobj)[row, part]
            np.testing.assert_array_equal(alone, expected[models.vertex[part]])
    labels = read_labels(folder / "SIMULATED-roi-hcp-mmp.dlabel.nii")
    for hemi in SIDES:
        assert list(named(labels, hemi)) == list(roi_names(run, hemi, 32492))


def test_mgz_and_annot_come_back_exactly(mesh_run, tmp_path):
    folder = export_run(mesh_run, "mgz", tmp_path / "out")
    for hemi, side in {"left": "lh", "right": "rh"}.items():
        for info in numeric(mesh_run):
            path = folder / f"{side}.SIMULATED-{info.name}.mgz"
            values = maps.read_map(mesh_run, info.name)
            expected = loop_over_mesh(mesh_run, values, hemi, 10242)
            np.testing.assert_array_equal(read_surface_values(path).parts[hemi][0], expected)
            np.testing.assert_array_equal(np.asarray(nib.load(path).dataobj).ravel(), expected)
        path = folder / f"{side}.SIMULATED-roi-hcp-mmp.annot"
        expected = list(roi_names(mesh_run, hemi, 10242))
        assert list(named(read_labels(path), hemi)) == expected
        codes, colours, names = nib.freesurfer.read_annot(path)
        assert [names[c].decode() for c in codes] == [name or "unknown" for name in expected]
        assert [tuple(c[:3]) for c in colours[1:]] == [rgb(ROI_COLOURS[n]) for n in ROI_NAMES]


def test_nifti_lies_on_the_source_grid(volume_run, tmp_path):
    space = in_volume()
    folder = export_run(volume_run, "nifti", tmp_path / "out")
    for info in numeric(volume_run):
        expected = np.full(space.shape, np.nan, dtype=np.float32)
        for voxel, value in zip(space.voxels, maps.read_map(volume_run, info.name), strict=True):
            expected[tuple(voxel)] = value
        path = folder / f"SIMULATED-{info.name}.nii.gz"
        ours, image = read_volume(path), nib.load(path)
        np.testing.assert_array_equal(ours.values, expected)
        np.testing.assert_array_equal(np.asarray(image.dataobj), expected)
        np.testing.assert_allclose(ours.affine, space.affine, rtol=1e-6)
        assert image.header.get_xyzt_units()[0] == "mm"
        assert bytes(image.header["descrip"]).startswith(b"SIMULATED")
    labels = read_volume(folder / "SIMULATED-roi-hcp-mmp.nii.gz").values
    table = pd.read_csv(folder / "SIMULATED-roi-hcp-mmp.tsv", sep="\t").set_index("index")
    rois = maps.choose_roi_set(volume_run)
    for column, voxel in enumerate(space.voxels):
        inside = [n for n, m in zip(rois.names, rois.masks, strict=True) if m[column]]
        assert table.name[labels[tuple(voxel)]] == (inside[0] if inside else "unlabelled")


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("which", ["surface_run", "volume_run"])
def test_tables_hold_every_value_and_describe_every_column(which, form, tmp_path, request):
    run = request.getfixturevalue(which)
    folder = export_run(run, form, tmp_path / "out")
    read = pd.read_csv if form == "csv" else pd.read_parquet
    dictionary = json.loads((folder / "data-dictionary.json").read_text())
    tables = {stem: read(folder / f"{stem}.{form}") for stem in dictionary}
    for stem, table in tables.items():
        assert [entry["name"] for entry in dictionary[stem]] == list(table.columns)
        assert all(entry["description"] for entry in dictionary[stem])
        assert table["simulated"].all()
    voxels = tables["SIMULATED-voxels"]
    for info in numeric(run):
        found = voxels[info.name].to_numpy(dtype=np.float32)
        np.testing.assert_array_equal(found, maps.read_map(run, info.name))
    rois = tables["SIMULATED-rois"]
    assert list(rois["name"]) == list(ROI_NAMES)
    np.testing.assert_allclose(rois["mean_jne"], regions.tabulate_rois(run)["mean_jne"])
    members = tables["SIMULATED-roi-members"]
    counts = members.groupby("roi", sort=False).size()
    assert dict(counts) == dict(zip(rois["name"], rois["n_voxels"], strict=True))
    if which == "volume_run":
        space = in_volume()
        np.testing.assert_array_equal(voxels[["i", "j", "k"]], space.voxels)
        places = nib.affines.apply_affine(space.affine, space.voxels)
        np.testing.assert_allclose(voxels[["x_mm", "y_mm", "z_mm"]], places)


@pytest.mark.parametrize("which", ["surface_run", "mesh_run", "volume_run"])
def test_bids_has_a_sidecar_for_every_file(which, tmp_path, request):
    run = request.getfixturevalue(which)
    folder = export_run(run, "bids", tmp_path / "out")
    about = json.loads((folder / "dataset_description.json").read_text())
    assert about["DatasetType"] == "derivative"
    assert about["GeneratedBy"][0]["Name"] == "JNE Explorer"
    assert about["Name"].startswith("SIMULATED")
    people = pd.read_csv(folder / "participants.tsv", sep="\t")
    assert list(people["participant_id"]) == ["sub-sim01"]
    files = [p for p in (folder / "sub-sim01").rglob("*.*")
             if p.suffix not in (".json", ".tsv")]  # fmt: skip
    assert len(files) == (1 if which == "volume_run" else 2) * (len(numeric(run)) + 2)
    for path in files:
        stem = path.name.split(".")[0]
        sidecar = json.loads((path.parent / f"{stem}.json").read_text())
        assert sidecar["Simulated"] is True
        assert sidecar["Description"].startswith("SIMULATED")
        assert "SIMULATED" in path.name
        *entities, suffix = stem.split("_")
        assert suffix in ("statmap", "dseg")
        assert all(key and value.isalnum() for key, value in (e.split("-") for e in entities))
    space = {
        "surface_run": "_hemi-L_space-fsLR_den-32k",
        "mesh_run": "_hemi-L_space-fsaverage_den-10k",
        "volume_run": "_space-func1pt8mm",
    }[which]
    extension = "nii.gz" if which == "volume_run" else "shape.gii"
    one = folder / f"sub-sim01/func/sub-sim01{space}_stat-jne_desc-jneSIMULATED_statmap.{extension}"
    assert one.is_file()


def test_html_names_the_simulation(surface_run, tmp_path):
    folder = export_run(surface_run, "html", tmp_path / "out")
    assert "SIMULATED" in (folder / "SIMULATED-brain.html").read_text()


@pytest.mark.parametrize("form", [f for f in FORMATS if f not in ("mgz", "nifti")])
def test_every_export_says_what_it_is(surface_run, tmp_path, form):
    folder = export_run(surface_run, form, tmp_path / "out", maps=["jne", "roi"])
    readme = (folder / "README.txt").read_text()
    counts = surface_run.manifest.counts
    for text in (
        "SIMULATED JNE", "2510.13688", surface_run.run_id, surface_run.manifest.key,
        f"{counts['n_significant']:,}", "BOLD is not neural activity", "Drawn by the tests",
        "10.1038/nature18933",
    ):  # fmt: skip
        assert text in readme
    record = json.loads((folder / "export.json").read_text())
    assert record["simulated"] is True
    assert [m["name"] for m in record["maps"]] == ["jne", "significant"]
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert set(record["files"]) == there - {"export.json", ".bidsignore"}


def test_measured_data_are_not_called_simulated(tmp_path):
    run = make_run(tmp_path / "runs", simulated=False)
    folder = export_run(run, "gifti", tmp_path / "out")
    assert (folder / "hemi-L_jne.shape.gii").is_file()
    texts = (folder / "README.txt").read_text() + (folder / "export.json").read_text()
    assert "SIMULATED" not in texts
    assert not name_export(run, "csv").startswith("SIMULATED")


def test_parquet_has_a_null_where_there_is_no_value_and_says_so(surface_run, tmp_path):
    folder = export_run(surface_run, "parquet", tmp_path / "out", significant=True)
    table = pyarrow.parquet.read_table(folder / "SIMULATED-voxels.parquet")
    shown, jne = maps.read_significant(surface_run), maps.read_map(surface_run, "jne")
    held = np.where(shown & np.isfinite(jne), jne, None)
    assert table["jne"].to_pylist() == [None if v is None else float(v) for v in held]
    assert 0 < table["jne"].null_count < len(table)
    (entry,) = (e for e in json.loads((folder / "data-dictionary.json").read_text())
                ["SIMULATED-voxels"] if e["name"] == "jne")  # fmt: skip
    assert "null elsewhere" in entry["description"]
    assert "has a null" in (folder / "README.txt").read_text().replace("\n", " ")


def test_significant_leaves_nan_elsewhere_and_the_mask_whole(surface_run, tmp_path):
    folder = export_run(surface_run, "parquet", tmp_path / "out", significant=True)
    voxels = pd.read_parquet(folder / "SIMULATED-voxels.parquet")
    shown, jne = maps.read_significant(surface_run), maps.read_map(surface_run, "jne")
    np.testing.assert_array_equal(voxels["jne"], np.where(shown, jne, np.nan))
    np.testing.assert_array_equal(voxels["significant"], shown.astype(np.float32))


@pytest.mark.parametrize(
    ("which", "form", "fix"),
    [
        ("surface_run", "nifti", "--to gifti"),
        ("surface_run", "mgz", "--to gifti or cifti"),
        ("mesh_run", "cifti", "--to gifti or mgz"),
        ("volume_run", "gifti", "--to nifti"),
        ("volume_run", "cifti", "--to nifti"),
        ("volume_run", "html", "import them again with surfaces"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_in_one_line(which, form, fix, tmp_path, request):
    run = request.getfixturevalue(which)
    with pytest.raises(InputError, match=fix) as caught:
        export_run(run, form, tmp_path / "out")
    assert list_refusals(run)[form] == str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_run_of_unknown_place_gives_tables(tmp_path):
    run = make_run(tmp_path / "runs", with_space=False, with_rois=False)
    assert set(FORMATS) - set(list_refusals(run)) == {"csv", "parquet"}
    folder = export_run(run, "csv", tmp_path / "out")
    assert {p.suffix for p in folder.iterdir()} == {".csv", ".json", ".txt"}


def test_only_exports_are_replaced_and_only_when_asked(surface_run, tmp_path):
    target = tmp_path / "out"
    export_run(surface_run, "csv", target)
    with pytest.raises(InputError, match="--overwrite"):
        export_run(surface_run, "gifti", target)
    assert (target / "SIMULATED-voxels.csv").is_file()
    export_run(surface_run, "gifti", target, overwrite=True)
    assert not (target / "SIMULATED-voxels.csv").exists()
    own = tmp_path / "own"
    own.mkdir()
    (own / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="only exports are ever replaced"):
        export_run(surface_run, "csv", own, overwrite=True)
    assert (own / "thesis.txt").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "own"]


@pytest.mark.parametrize("at", [0, 3])
def test_an_export_that_is_cut_off_leaves_the_old_one_or_none(surface_run, tmp_path, at):
    def stop(done, total):
        if done == at:
            raise CancelledError("job", "to go on", "a request to stop", "retry it")

    with pytest.raises(CancelledError):
        export_run(surface_run, "gifti", tmp_path / "new", progress=stop)
    old = export_run(surface_run, "csv", tmp_path / "old")
    with pytest.raises(CancelledError):
        export_run(surface_run, "gifti", old, overwrite=True, progress=stop)
    with pytest.raises(CancelledError):
        export_zip(surface_run, "gifti", tmp_path / "x.zip", progress=stop)
    assert [p.name for p in tmp_path.iterdir()] == ["old"]
    assert (old / "SIMULATED-voxels.csv").is_file()


def test_a_zip_holds_the_folder(surface_run, tmp_path):
    folder = export_run(surface_run, "gifti", tmp_path / "one")
    path = export_zip(surface_run, "gifti", tmp_path / "two.zip")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = {n.removeprefix("two/") for n in archive.namelist()}
        assert names == {p.name for p in folder.iterdir()}
        assert archive.read("two/README.txt") == (folder / "README.txt").read_bytes()


@pytest.mark.parametrize("form", list(FORMATS))
def test_names_are_text_in_every_export(tmp_path, form):
    space = {"mgz": on_fsaverage5(), "nifti": in_volume()}.get(form)
    run = make_run(tmp_path / "runs", space, roi_names=HOSTILE, n_per_roi=36, name=HOSTILE[1],
                   subject="../=S1<script>")  # fmt: skip
    folder = export_run(run, form, tmp_path / "out")
    for path in folder.rglob("*"):
        assert not set(path.name) - set(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
        ), path
        if path.suffix in (".csv", ".tsv"):
            table = pd.read_csv(path, sep="," if path.suffix == ".csv" else "\t", dtype=str)
            cells = table.fillna("").to_numpy().ravel()
            text = [
                c
                for c in cells
                if not c.replace(".", "").replace("-", "").replace("e", "").isdigit()
            ]
            assert not [c for c in text if c.startswith(("=", "+", "-", "@", "\t"))]
        if path.suffix in (".gii", ".html"):
            assert "<script>alert(1)" not in path.read_text()
        if path.name.endswith(".label.gii"):
            names = [x.label for x in nib.load(path).labeltable.labels]
            assert "<script>alert(1)</script>" in names or "tier" in path.name
    assert {p.parent for p in tmp_path.rglob("README.txt")} == {folder}


def test_an_unknown_map_is_refused_before_anything_is_written(surface_run, tmp_path):
    with pytest.raises(InputError, match="nonsense"):
        export_run(surface_run, "csv", tmp_path / "out", maps=["nonsense"])
    assert not list(tmp_path.iterdir())
