"""The dashboard: page config, navigation and the sidebar that all pages share."""

from __future__ import annotations

import streamlit as st

from pages.shared.access import admit
from pages.shared.widgets import show_sidebar

st.set_page_config(
    page_title="JNE Explorer",
    page_icon="assets/icon.svg",
    layout="wide",
    initial_sidebar_state=240,
)
st.logo("assets/logo.svg", icon_image="assets/icon.svg", size="large")
admit()
page = st.navigation(
    [
        st.Page("pages/overview.py", title="Overview", icon=":material/summarize:", default=True),
        st.Page("pages/maps.py", title="Cortical maps", icon=":material/neurology:"),
        st.Page("pages/hierarchy.py", title="ROI hierarchy", icon=":material/stairs:"),
        st.Page("pages/selectivity.py", title="Stimulus selectivity", icon=":material/image:"),
        st.Page("pages/models.py", title="Model comparison", icon=":material/compare_arrows:"),
        st.Page("pages/layers.py", title="Layers & subjects", icon=":material/layers:"),
        st.Page("pages/claims.py", title="The paper's findings", icon=":material/fact_check:"),
        st.Page("pages/present.py", title="Present", icon=":material/slideshow:"),
        st.Page("pages/validation.py", title="Validation", icon=":material/verified:"),
        st.Page("pages/data.py", title="Data & runs", icon=":material/database:"),
    ]
)
show_sidebar()
page.run()
