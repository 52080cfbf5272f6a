"""Images → features of a vision model, layer by layer, in batches that a crash does not cost.

``extract_features(FeatureSpec(source, model), out)`` reads ahead of the model, keeps every
finished batch, and writes the whole file last. torch and transformers are imported only when a
model is loaded.
"""

from jne_engine.features.extraction.extract import extract_features
from jne_engine.features.extraction.spec import MODELS, FeatureSpec

__all__ = ["MODELS", "FeatureSpec", "extract_features"]
