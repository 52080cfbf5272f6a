"""The fixtures themselves: a server answers, a page renders, WebGL2 is there."""


def test_server_and_browser_find_each_other(page, streamlit_app):
    page.goto(streamlit_app("hello.py").url)
    page.get_by_text("ready").wait_for()


def test_chromium_has_webgl2(page):
    page.goto("about:blank")
    has = page.evaluate("() => !!document.createElement('canvas').getContext('webgl2')")
    assert has
