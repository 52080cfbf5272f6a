"""Devices are found or refused, hold all of a run, and their memory may run out."""

import numpy as np
import pytest
import torch

from jne_engine.core import devices
from jne_engine.core.devices import (
    Blocks,
    device_of,
    find_device,
    find_exact,
    list_devices,
    noting_halved,
)
from jne_engine.core.errors import InputError
from jne_engine.jobs.kinds.run import request_demo, with_device
from jne_engine.model import deviations, nonlinearity, scoring, training
from jne_engine.model.spec import RunSpec
from jne_engine.runs import pipeline
from jne_engine.runs.pipeline import compute_run
from tests.engine.datasets import make_dataset
from tests.engine.pretended_device import DEVICE, PretendedDevice

SPEC = RunSpec(n_hidden=16, batch_size=16, max_epochs=6, n_resamples=50)
STAGES = ("linear", "nonlinear", "scores", "dispersion", "calibration")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return compute_run(make_dataset(), SPEC, tmp_path_factory.mktemp("runs"))


def assert_close(found, wanted, **tolerance):
    for stage in STAGES[2:]:
        for name in wanted.stage(stage).array_names():
            values = (run.stage(stage).read_array(name) for run in (found, wanted))
            np.testing.assert_allclose(*values, err_msg=name, **tolerance)


@pytest.mark.parametrize("asked", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_refused_in_one_line(asked, monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(InputError, match=f"device: expected a {asked} device, found none.*cpu"):
        compute_run(make_dataset(), SPEC, tmp_path, device=asked)
    assert not any(tmp_path.iterdir())


def test_auto_is_the_variable_then_a_gpu_then_the_cpu(monkeypatch):
    monkeypatch.delenv("JNE_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert find_device().type == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert find_device().type == "cuda"
    monkeypatch.setenv("JNE_DEVICE", "cpu")
    assert find_device().type == "cpu"
    assert find_device("cuda").type == "cuda"
    monkeypatch.setenv("JNE_DEVICE", "tpu")
    with pytest.raises(InputError, match=r"JNE_DEVICE.*tpu"):
        find_device()


def test_float64_is_computed_where_it_can_be():
    assert find_exact(torch.device("mps")).type == "cpu"
    assert find_exact(torch.device("cuda")).type == "cuda"


def test_the_device_is_recorded_and_makes_no_other_run(undisturbed):
    assert undisturbed.manifest.versions["device"].startswith(find_device().type)
    again = compute_run(make_dataset(), SPEC, undisturbed.path.parent, device="cpu")
    assert again.manifest == undisturbed.manifest


def test_a_job_names_a_device_only_where_one_is_asked_for():
    job = request_demo(SPEC)
    assert with_device(job, "auto") == job
    assert with_device(job, "cuda").payload == {**job.payload, "device": "cuda"}


@pytest.mark.parametrize("linear_first", [False, True])
def test_all_of_a_run_is_computed_on_the_device(tmp_path, monkeypatch, linear_first):
    monkeypatch.delenv("JNE_DEVICE", raising=False)
    spec = RunSpec(n_hidden=16, batch_size=16, max_epochs=6, linear_first=linear_first)
    on_cpu = compute_run(make_dataset(), spec, tmp_path / "cpu", device="cpu")
    monkeypatch.setattr(pipeline, "find_device", lambda _: DEVICE)
    monkeypatch.setattr(pipeline, "tell_device", lambda device: f"pretended {device.type}")
    monkeypatch.setattr(deviations, "has_compiler", lambda: False)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (2**40, 2**40))
    with PretendedDevice() as pretended:
        run = compute_run(make_dataset(), spec, tmp_path / "device")
    assert pretended.n_operations > 1000
    assert run.manifest.key == on_cpu.manifest.key
    assert run.manifest.versions["device"] == "pretended cuda"
    assert_close(run, on_cpu, rtol=1e-4, atol=1e-6)


def test_responses_larger_than_the_device_stay_in_memory(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (100, 100))
    samples = training.Samples(torch.zeros(10, 2), torch.zeros(10, 4))
    with PretendedDevice() as pretended:
        assert training.place_samples(samples, DEVICE) is samples
        encoder = torch.nn.Linear(2, 4).to(DEVICE)
        assert device_of(encoder) == DEVICE
        training.fit_encoder(encoder, samples, samples, RunSpec(max_epochs=2, batch_size=4))
        assert training.predict(encoder, samples.features).numpy().shape == (10, 4)
    assert pretended.n_operations > 10


def test_the_pretended_device_refuses_what_a_gpu_would():
    with PretendedDevice():
        there = torch.ones(3).to(DEVICE)
        with pytest.raises(RuntimeError, match="found two"):
            there + torch.ones(3)
        with pytest.raises(TypeError):
            there.numpy()


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ((training.functional, "mse_loss"), "stimuli of a step"),
        ((deviations, "compute_absolute_sums"), "voxels of a product"),
        ((nonlinearity._Estimator, "estimate"), "voxels of a regression"),
        ((scoring.np, "ptp"), "voxels of a bootstrap"),
    ],
)
def test_memory_that_runs_out_halves_the_block_and_is_told(
    tmp_path, monkeypatch, undisturbed, place, told
):
    (owner, name), dataset = place, make_dataset()
    work, failures = getattr(owner, name), [torch.OutOfMemoryError("injected")]

    def fail_once(*args, **kwargs):
        result = work(*args, **kwargs)  # what it has changed until then must do no harm
        if failures:
            raise failures.pop()
        return result

    monkeypatch.setattr(owner, name, fail_once)
    run = compute_run(dataset, SPEC, tmp_path)
    assert not failures
    (note,) = [note for note in run.manifest.notes if note.startswith("Memory ran out")]
    assert told in note
    assert_close(run, undisturbed, rtol=2e-3, atol=1e-5)


def test_memory_that_never_suffices_is_told_in_one_line():
    def work(size):
        raise torch.OutOfMemoryError("injected")

    with noting_halved() as lines, pytest.raises(InputError, match="memory of the device"):
        Blocks("voxels", 8).run(work)
    assert lines == [f"Memory ran out at {n} voxels; {n // 2} were taken." for n in (8, 4, 2)]


def test_a_stage_without_memory_leaves_a_folder_that_resumes(tmp_path, monkeypatch, undisturbed):
    def fail(*args, **kwargs):
        raise torch.OutOfMemoryError("injected")

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", fail)
        with pytest.raises(InputError, match=r"memory of .*enough for linear.*cpu"):
            compute_run(make_dataset(), SPEC, tmp_path)
    assert_close(compute_run(make_dataset(), SPEC, tmp_path), undisturbed, rtol=0)


def test_a_page_is_told_of_devices_without_torch(monkeypatch, tmp_path):
    monkeypatch.setattr(devices.platform, "system", lambda: "Linux")
    monkeypatch.setattr(devices, "DRIVERS", (str(tmp_path / "driver"),))
    monkeypatch.setattr(devices.importlib.metadata, "version", lambda _: "2.13.0")
    assert list_devices() == ("auto", "cpu")
    (tmp_path / "driver").touch()
    assert list_devices() == ("auto", "cpu", "cuda")
    monkeypatch.setattr(devices.importlib.metadata, "version", lambda _: "2.13.0+cpu")
    assert list_devices() == ("auto", "cpu")
