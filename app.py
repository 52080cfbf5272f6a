"""The dashboard: page config, navigation and the sidebar that all pages share."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.frame.access import admit
from pages.frame.assets import ASSETS
from pages.frame.entry import freeze_imports
from pages.frame.widgets import show_sidebar, show_style


def page(name: str, title: str, icon: str) -> Any:
    """Return the page of a folder of ``pages``, at the address of its name."""
    path, default = f"pages/{name}.py", name == "overview"
    return st.Page(path, title=title, icon=f":material/{icon}:", default=default)


st.set_page_config(
    page_title="JNE Explorer",
    page_icon=str(ASSETS / "icon.svg"),
    layout="wide",
    initial_sidebar_state="collapsed",
)
show_style()  # first, so that as little as may be is drawn without it
st.logo(str(ASSETS / "logo.svg"), icon_image=str(ASSETS / "icon.svg"), size="large")
admit()
PAGES = [
    page("overview", "Overview", "summarize"),
    page("maps", "Cortical maps", "neurology"),
    page("hierarchy", "ROI hierarchy", "stairs"),
    page("selectivity", "Stimulus selectivity", "image"),
    page("models", "Model comparison", "compare_arrows"),
    page("layers", "Layers & subjects", "layers"),
    page("claims", "The paper's findings", "fact_check"),
    page("present", "Present", "slideshow"),
    page("validation", "Validation", "verified"),
    page("data", "Data & runs", "database"),
]
chosen = st.navigation(PAGES, position="hidden")
show_sidebar(PAGES)
chosen.run()
freeze_imports(chosen.title)
