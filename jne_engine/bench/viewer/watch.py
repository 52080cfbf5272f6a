"""What a page under the benchmark writes down, and the script that makes it do so.

The script runs before any other code of the page. It sees WebGL calls whoever makes them, so that
the viewer and Plotly are timed by one rule: *ready* is the end of the first frame drawn after
numbers as large as a map were uploaded, *done* is that frame rasterised. Chromium's
``gl.finish()`` only flushes, so that a pixel is read back instead. A *frame* of a drag is the
time in all handlers of the pointer's move, layout included, and the drawing that follows.
"""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

STAGE = (800, 500)
"""Width and height of what is drawn, in CSS pixels."""

SHELL = "[data-testid=stButton]"
"""Shows that Streamlit's own page stands."""

_SCRIPT = """(() => {
  const bench = { start: 0, ready: null, done: null, shell: null, dragging: false, frames: [] };
  const now = () => performance.now();
  let uploaded = 0, queued = false;
  let viewer = null, spent = 0;  // milliseconds in handlers of pointer moves, layout included
  globalThis.__bench = bench;
  bench.arm = () => {
    Object.assign(bench, { start: null, ready: null, done: null });
    uploaded = 0;
  };
  for (const type of ['click', 'input']) {
    addEventListener(type, (e) => { bench.start ??= e.timeStamp; }, true);
  }
  new MutationObserver((_, observer) => {
    if (!document.querySelector('$SHELL')) return;
    bench.shell = now();
    observer.disconnect();
  }).observe(document, { childList: true, subtree: true });

  const finish = (gl) => {
    const bound = gl.getParameter(gl.FRAMEBUFFER_BINDING);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    gl.bindFramebuffer(gl.FRAMEBUFFER, bound);
  };
  const before = (kind, names, act) => {
    for (const name of names) {
      const real = kind.prototype[name];
      if (!real) continue;
      kind.prototype[name] = function (...args) {
        act(this, args);
        return real.apply(this, args);
      };
    }
  };
  const onUpload = (_, args) => {
    const size = args.find((a) => ArrayBuffer.isView(a))?.byteLength ?? 0;
    if (bench.start !== null && size >= $LEAST_BYTES) uploaded += size;
  };
  const onDraw = (gl) => {
    if (uploaded < $MAP_BYTES || queued || bench.ready !== null) return;
    queued = true;
    queueMicrotask(() => {
      bench.ready = now();
      finish(gl);
      bench.done = now();
      queued = false;
    });
  };
  const draws = ['drawElements', 'drawArrays', 'drawRangeElements'];
  const instanced = ['drawElementsInstanced', 'drawArraysInstanced'];
  for (const kind of [WebGLRenderingContext, WebGL2RenderingContext]) {
    before(kind, ['bufferData', 'bufferSubData', 'texImage2D', 'texSubImage2D'], onUpload);
    before(kind, [...draws, ...instanced], onDraw);
  }

  const timed = new WeakMap();
  const withTime = (listener) => {
    if (typeof listener !== 'function') return listener;
    if (!timed.has(listener)) timed.set(listener, function (event) {
      const start = now();
      const answer = listener.call(this, event);
      if (viewer) void viewer.stage.offsetWidth;
      spent += now() - start;
      return answer;
    });
    return timed.get(listener);
  };
  for (const name of ['addEventListener', 'removeEventListener']) {
    const real = EventTarget.prototype[name];
    EventTarget.prototype[name] = function (type, listener, ...rest) {
      return real.call(this, type, type === 'pointermove' ? withTime(listener) : listener, ...rest);
    };
  }
  bench.drag = (on) => {
    Object.assign(bench, { dragging: on }, on ? { frames: [] } : {});
    spent = 0;
  };
  bench.takeHover = () => {
    const taken = viewer.hit ? spent : null;
    spent = 0;
    return taken;
  };
  const watchFrames = () => {
    const { draw } = viewer;
    viewer.draw = (...args) => {
      const start = now();
      draw.apply(viewer, args);
      if (!bench.dragging || !spent) return;
      finish(viewer.renderer.gl);
      bench.frames.push(spent + now() - start);
      spent = 0;
    };
    viewer.stage.style.cssText += 'flex: none; width: $WIDTHpx; height: $HEIGHTpx;';
  };
  Object.defineProperty(HTMLElement.prototype, '__cortex', {
    configurable: true,
    set(handle) {
      viewer = handle.viewer;
      watchFrames();
      Object.defineProperty(this, '__cortex', { value: handle, configurable: true });
    },
  });
})()"""


class Change(NamedTuple):
    """One change of what is drawn.

    Parameters
    ----------
    ready_s, done_s : float
        Seconds from click or navigation until data were uploaded and drawing issued, and until
        the picture was rasterised.
    n_bytes : int
        Bytes sent and received until the page was quiet again.
    """

    ready_s: float
    done_s: float
    n_bytes: int


def watch_script(n_vertices: int, n_panes: int = 1) -> str:
    """Return the script for so many brains of so many vertices in both hemispheres.

    A map counts as uploaded once arrays that hold a float32 or more for each vertex of a
    hemisphere add up to a float32 for each vertex of both; colour tables and texts are smaller.
    """
    texts = {"SHELL": SHELL, "WIDTH": STAGE[0], "HEIGHT": STAGE[1]}
    texts |= {"LEAST_BYTES": 2 * n_vertices, "MAP_BYTES": 4 * n_vertices * n_panes}
    return reduce(lambda script, name: script.replace(f"${name}", str(texts[name])), texts, _SCRIPT)


class Traffic:
    """Sizes of everything that a page sends and receives over web sockets.

    Text counts as its UTF-8 bytes.
    """

    def __init__(self) -> None:
        self.n_bytes = 0

    def count(self, payload: str | bytes) -> None:
        """Add one frame."""
        self.n_bytes += len(payload.encode() if isinstance(payload, str) else payload)
