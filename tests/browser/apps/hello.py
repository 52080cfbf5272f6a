"""The smallest app: shows that a server and a browser find each other."""

import streamlit as st

st.title("Hello")
st.write("ready")
