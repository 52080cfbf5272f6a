"""A mini app around the cortical viewer: made-up maps, an atlas, and what Python received."""

from __future__ import annotations

import json

import streamlit as st

from pages.frame.cortex import show_cortex
from pages.frame.runtime import mount_runtime
from tests.browser.cortex_scene import make_scene

st.set_page_config(layout="wide", page_title="Cortex")
mount_runtime()
scene = st.cache_resource(make_scene)(
    st.query_params.get("surface", "fsLR32k"), wire=st.query_params.get("wire", "float32")
)
selection = show_cortex(scene, key="brain", height=560)
st.write("selection:", json.dumps({h: list(v) for h, v in selection.items()}))
st.button("rerun")
