"""A mini app around the cortical viewer: made-up maps, an atlas, and what Python received."""

from __future__ import annotations

import json
import os

import streamlit as st

from pages.shared.cortex import show_cortex
from tests.browser.cortex_scene import make_scene

st.set_page_config(layout="wide", page_title="Cortex")
scene = st.cache_resource(make_scene)(
    os.environ.get("CORTEX_SURFACE", "fsLR32k"), wire=os.environ.get("CORTEX_WIRE", "float32")
)
selection = show_cortex(scene, key="brain", height=int(os.environ.get("CORTEX_HEIGHT", "560")))
st.write("selection:", json.dumps({h: list(v) for h, v in selection.items()}))
st.button("rerun")
