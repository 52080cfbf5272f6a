"""``features``: turn images into features from the command line."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import click

from jne_engine.core.devices import DEVICES
from jne_engine.features.extraction import MODELS, FeatureSpec, extract_features
from jne_engine.features.extraction.spec import GABOR


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def features() -> None:
    """Compute the features that an encoding model predicts responses from."""


@features.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--model",
    default="clip-vit-b32",
    show_default=True,
    metavar="NAME|FOLDER",
    help=f"{', '.join([*MODELS, GABOR])}, or a folder that save_pretrained wrote.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("features.h5"),
    show_default=True,
    help="File to write.",
)
@click.option("--key", default="imgBrick", show_default=True, help="Dataset of an HDF5 source.")
@click.option(
    "--ids",
    type=click.Path(path_type=Path),
    help="Zero-based ids, or file names, to take in order.",
)
@click.option("--batch-size", type=int, help="Default 32 on a CPU, 256 on a GPU.")
@click.option("--device", type=click.Choice(DEVICES), default="auto", show_default=True)
@click.option("--revision", help="Commit, tag or branch of the model on the hub.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def extract(source: Path, out: Path, ids: Path | None, *, quiet: bool, **options: Any) -> None:
    """Extract every layer of a model for the images of SOURCE.

    SOURCE is a folder of images, NSD's nsd_stimuli.hdf5, or Algonauts' training_images. A second
    call of the same command goes on from the batches that are finished.
    """
    from jne_engine.core.bars import StageBars
    from jne_engine.core.order import describe_order
    from jne_engine.features.extraction.images import open_images
    from jne_engine.jobs.kinds.features import KIND

    spec = FeatureSpec(str(source), ids=None if ids is None else str(ids), **options)
    click.echo(f"images: {describe_order(open_images(spec).names)}", err=True)
    with StageBars(KIND.unit_of, quiet=quiet) as bars:
        path = extract_features(spec, out, functools.partial(bars, "extract features"))
    click.echo(str(path))
