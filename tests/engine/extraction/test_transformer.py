"""Features of tiny random models, against the models' own states and the library's processor."""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from jne_engine.core.errors import InputError, StoreError
from jne_engine.features.extraction import FeatureSpec, extract_features
from jne_engine.features.extraction.extractors import load_extractor
from jne_engine.features.extraction.preprocessing import Preprocessing
from tests.engine.extraction.pictures import random_pixels, read_features, write_brick, write_folder
from tests.engine.readers.files import refused

SIZES = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3,
         "num_attention_heads": 2, "image_size": 16, "patch_size": 8}  # fmt: skip
N_IMAGES = 11


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, Path]:
    """Save tiny models as users have them: towers alone, and a whole CLIP in the hub's layout."""
    import transformers as library

    torch.manual_seed(0)
    root = tmp_path_factory.mktemp("models")
    clip = library.CLIPVisionModel(library.CLIPVisionConfig(**SIZES))
    vit = library.ViTModel(library.ViTConfig(**SIZES))
    for parameter in [*clip.parameters(), *vit.parameters()]:
        torch.nn.init.normal_(parameter, std=0.3)
    crop = {"size": {"shortest_edge": 16}, "crop_size": {"height": 16, "width": 16}}
    clip_processor = library.CLIPImageProcessorPil(**crop)
    vit_processor = library.ViTImageProcessorPil(size={"height": 16, "width": 16})
    for name, model, processor in (("clip", clip, clip_processor), ("vit", vit, vit_processor)):
        model.save_pretrained(root / name)
        processor.save_pretrained(root / name)
    _save_as_on_the_hub(root / "hub", clip)
    return {name: root / name for name in ("clip", "vit", "hub")}


def _save_as_on_the_hub(folder: Path, clip) -> None:
    """Write a CLIP with both towers, its weights and settings named as in OpenAI's repositories."""
    folder.mkdir()
    weights = {f"vision_model.{k}": v.clone() for k, v in clip.state_dict().items()}
    weights |= {
        "logit_scale": torch.tensor(1.0),
        "vision_model.embeddings.position_ids": torch.arange(5)[None],
        "text_model.final_layer_norm.weight": torch.ones(8),
        "visual_projection.weight": torch.ones(4, 16),
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config = {"model_type": "clip", "architectures": ["CLIPModel"], "vision_config": SIZES}
    (folder / "config.json").write_text(json.dumps(config))
    settings = {
        "crop_size": 16, "do_center_crop": True, "do_normalize": True, "do_resize": True,
        "feature_extractor_type": "CLIPFeatureExtractor", "resample": 3, "size": 16,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
    }  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))


def reference(folder: Path, images: list[Image.Image]) -> tuple[np.ndarray, np.ndarray]:
    """Return token 0 as the model's hidden states give it, and as hooks on its blocks see it."""
    import transformers as library

    is_vit = json.loads((folder / "config.json").read_text())["model_type"] == "vit"
    kind = library.ViTModel if is_vit else library.CLIPVisionModel
    processor = library.ViTImageProcessorPil if is_vit else library.CLIPImageProcessorPil
    model = kind.from_pretrained(folder).eval()
    blocks = model.layers if is_vit else model.encoder.layers
    seen = []
    blocks[0].register_forward_pre_hook(lambda _, args: seen.append(args[0][:, 0]))
    for block in blocks:
        block.register_forward_hook(
            lambda *call: seen.append((call[2][0] if isinstance(call[2], tuple) else call[2])[:, 0])
        )
    pixels = processor.from_pretrained(folder)(images, return_tensors="pt")
    with torch.no_grad():
        states = model(**pixels, output_hidden_states=True).hidden_states
    own = torch.stack([state[:, 0] for state in states], dim=1)
    return own.numpy(), torch.stack(seen, dim=1).numpy()


@pytest.fixture(scope="module")
def brick(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("brick") / "stimuli.hdf5"
    return write_brick(path, random_pixels(N_IMAGES, height=30, width=30))


@pytest.mark.parametrize("name", ["clip", "vit", "hub"])
def test_state_k_is_the_models_own_state_k_at_token_0(models, brick, tmp_path, name):
    spec = FeatureSpec(str(brick), str(models[name]), batch_size=4, device="cpu")
    found = read_features(extract_features(spec, tmp_path / "features.h5"))
    images = [Image.fromarray(p) for p in random_pixels(N_IMAGES, height=30, width=30)]
    own, hooked = reference(models["clip" if name == "hub" else name], images)
    assert found.shape == (N_IMAGES, 4, 16)
    np.testing.assert_allclose(found, own, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found, hooked, rtol=1e-4, atol=1e-5)
    assert np.abs(own[:, 0] - own[:, 3]).mean() > 0.1


def test_weights_of_older_repositories_are_read_without_running_code(models, tmp_path):
    folder = tmp_path / "older"
    shutil.copytree(models["hub"], folder)
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    pixels = random_pixels(2, height=16, width=16)
    older, newer = (load_extractor(FeatureSpec("", str(f))) for f in (folder, models["hub"]))
    np.testing.assert_array_equal(older.compute(pixels), newer.compute(pixels))
    assert older.identity["weights"] == "pytorch_model.bin"
    mark = tmp_path / "executed"
    with (folder / "pytorch_model.bin").open("wb") as file:
        pickle.dump(Touch(mark), file, protocol=2)
    with refused("older", error=InputError):
        load_extractor(FeatureSpec("", str(folder)))
    assert not mark.exists()


class Touch:
    """A pickle that makes a file where it is loaded without care."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["clip", "vit"])
@pytest.mark.parametrize("size", [(425, 425), (31, 57), (57, 31), (16, 16), (7, 9)])
def test_preprocessing_equals_the_librarys_own(models, name, size):
    import transformers as library

    kinds = {"clip": library.CLIPImageProcessorPil, "vit": library.ViTImageProcessorPil}
    processor = kinds[name].from_pretrained(models[name])
    extractor = load_extractor(FeatureSpec("", str(models[name]), device="cpu"))
    images = [Image.fromarray(p) for p in random_pixels(2, height=size[0], width=size[1])]
    expected = processor(images, return_tensors="np")["pixel_values"]
    found = extractor.normalise(torch.from_numpy(np.stack([extractor.prepare(i) for i in images])))
    np.testing.assert_allclose(found.numpy(), np.stack(expected), rtol=1e-5, atol=1e-6)


def counting(monkeypatch, stop_after: int | None = None) -> list[int]:
    """Count forward passes by their images; break off where told."""
    from transformers import CLIPVisionModel

    calls: list[int] = []
    forward = CLIPVisionModel.forward

    def counted(self, pixel_values, **choices):
        if stop_after is not None and len(calls) == stop_after:
            raise KeyboardInterrupt
        calls.append(len(pixel_values))
        return forward(self, pixel_values, **choices)

    monkeypatch.setattr(CLIPVisionModel, "forward", counted)
    return calls


def test_an_interrupted_extraction_goes_on_without_recomputing(
    models, brick, tmp_path, monkeypatch
):
    spec = FeatureSpec(str(brick), str(models["clip"]), batch_size=3, device="cpu")
    whole = read_features(extract_features(spec, tmp_path / "whole.h5"))
    out = tmp_path / "features.h5"
    with monkeypatch.context() as patch:
        calls = counting(patch, stop_after=2)
        with pytest.raises(KeyboardInterrupt):
            extract_features(spec, out)
    assert calls == [3, 3]
    assert not out.exists()
    progress = []
    calls = counting(monkeypatch)
    # Another batch size goes on from the same batches.
    extract_features(replace(spec, batch_size=4), out, lambda *counts: progress.append(counts))
    assert calls == [4, 1]
    assert progress == [(6, 11), (6, 11), (10, 11), (11, 11)]
    np.testing.assert_allclose(read_features(out), whole, rtol=1e-5, atol=1e-6)
    assert not out.with_name("features.h5.partial").exists()
    extract_features(spec, out)
    assert calls == [4, 1]


def test_batches_of_another_model_are_not_mixed_in(models, brick, tmp_path, monkeypatch):
    out = tmp_path / "features.h5"
    spec = FeatureSpec(str(brick), str(models["clip"]), batch_size=3, device="cpu")
    with monkeypatch.context() as patch:
        counting(patch, stop_after=1)
        with pytest.raises(KeyboardInterrupt):
            extract_features(spec, out)
    other = tmp_path / "clip"
    shutil.copytree(models["clip"], other)
    weights = load_file(other / "model.safetensors")
    first = next(iter(weights))
    save_file({**weights, first: weights[first] + 1}, other / "model.safetensors", {"format": "pt"})
    with refused("features.h5.partial", "weights_sha256: delete the folder", error=StoreError):
        extract_features(replace(spec, model=str(other)), out)


def test_a_broken_image_stops_late_and_keeps_what_is_done(models, tmp_path, monkeypatch):
    folder = write_folder(tmp_path / "images", [f"{i}.png" for i in range(9)])
    content = (folder / "7.png").read_bytes()
    (folder / "7.png").write_bytes(content[:-60])
    spec = FeatureSpec(str(folder), str(models["clip"]), batch_size=2, device="cpu")
    calls = counting(monkeypatch)
    with refused("7.png", "a whole image", error=InputError):
        extract_features(spec, tmp_path / "features.h5")
    assert calls == [2, 2, 2]


def test_weights_that_are_missing_are_never_made_up(models, tmp_path):
    folder = tmp_path / "broken"
    shutil.copytree(models["clip"], folder)
    weights = load_file(folder / "model.safetensors")
    unused = {k: v for k, v in weights.items() if "post_layernorm" not in k}
    save_file(unused, folder / "model.safetensors", metadata={"format": "pt"})
    load_extractor(FeatureSpec("", str(folder)))
    fewer = {k: v for k, v in weights.items() if "layers.1.mlp" not in k}
    save_file(fewer, folder / "model.safetensors", metadata={"format": "pt"})
    with refused("broken", "all weights of the model, found 4 missing", error=InputError):
        load_extractor(FeatureSpec("", str(folder)))


@pytest.mark.parametrize(
    ("file", "content", "match"),
    [
        ("model.safetensors", b"\x08\0\0\0\0\0\0\0{broken}", "whole weights"),
        ("config.json", b"{", "a whole model"),
        ("config.json", b'{"model_type": "swin"}', "a model of type clip"),
        ("preprocessor_config.json", b"{", "a whole model"),
        ("model.safetensors", None, "no model.safetensors"),
        ("preprocessor_config.json", None, "no preprocessor_config.json"),
    ],
)
def test_broken_model_folders_are_named(models, tmp_path, file, content, match):
    folder = tmp_path / "mine"
    shutil.copytree(models["clip"], folder)
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_bytes(content)
    with refused("mine", match, error=InputError):
        load_extractor(FeatureSpec("", str(folder)))


def test_weights_that_give_nan_are_refused(models, brick, tmp_path):
    folder = tmp_path / "nan"
    shutil.copytree(models["clip"], folder)
    weights = load_file(folder / "model.safetensors")
    weights["pre_layrnorm.weight" if "pre_layrnorm.weight" in weights else
            "vision_model.pre_layrnorm.weight"].fill_(torch.nan)  # fmt: skip
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with refused("imgBrick/0 to imgBrick/10", "finite", error=InputError):
        extract_features(FeatureSpec(str(brick), str(folder)), tmp_path / "features.h5")
    assert not (tmp_path / "features.h5").exists()


def test_a_gpu_that_is_not_there_is_said(models, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with refused("device", "a cuda device", error=InputError):
        load_extractor(FeatureSpec("", str(models["clip"]), device="cuda"))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"do_pad": True}, "no step but"),
        ({"do_rescale": False}, "do_rescale true"),
        ({"size": {"shortest_edge": 16, "longest_edge": 20}}, "shortest_edge, or height"),
        ({"crop_size": {"height": 17, "width": 16}}, "a crop inside"),
        ({"image_mean": [0.5]}, "three means"),
    ],
)
def test_processors_with_other_steps_are_refused(change, match):
    config = {
        "do_resize": True, "do_rescale": True, "do_normalize": True, "do_center_crop": True,
        "size": {"shortest_edge": 16}, "crop_size": {"height": 16, "width": 16}, "resample": 3,
        "rescale_factor": 1 / 255, "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
    }  # fmt: skip
    assert Preprocessing.from_config("mine", config).shape == (16, 16)
    with refused("mine", match, error=InputError):
        Preprocessing.from_config("mine", {**config, **change})
