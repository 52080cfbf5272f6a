/**
 * The viewer's style sheet; colours come from the page's theme where it has one.
 * @module style
 */
export const STYLE = `
.cv-root { --cv-ground: var(--st-background-color, #ffffff); --cv-ink: var(--st-text-color, #1f2328);
  --cv-accent: var(--st-primary-color, #0b6e99); --cv-line: color-mix(in srgb, var(--cv-ink) 20%, transparent);
  --cv-quiet: color-mix(in srgb, var(--cv-ink) 70%, var(--cv-ground)); --cv-soft: color-mix(in srgb, var(--cv-ink) 7%, var(--cv-ground));
  color: var(--cv-ink); background: var(--cv-ground); font: 12px/1.35 var(--st-font, system-ui, sans-serif);
  display: flex; flex-direction: column; height: var(--cv-fill, var(--cv-height, 600px)); position: relative; min-height: 320px; }
.cv-root * { box-sizing: border-box; }
.cv-root { container: cortex / inline-size; }
.cv-root:fullscreen { height: 100vh; padding: 8px 12px; }
.cv-away { visibility: hidden; }
.cv-strip { display: flex; flex-wrap: nowrap; white-space: nowrap; gap: 4px 4px; align-items: center; padding: 2px 0 4px; }
.cv-root button, .cv-root select, .cv-root input[type=number] { font: inherit; color: inherit; background: var(--cv-ground);
  border: 1px solid var(--cv-line); border-radius: 5px; padding: 2px 5px; min-height: 24px; min-width: 24px; cursor: pointer; }
.cv-root select { max-width: 190px; min-width: 62px; flex-shrink: 1; }
.cv-strip > :is(button, .cv-menu, .cv-segments) { flex: none; }
.cv-root .cv-find { font: inherit; color: inherit; background: var(--cv-ground); border: 1px solid var(--cv-line); border-radius: 5px; padding: 2px 6px; min-height: 24px; width: 128px; min-width: 60px; }
.cv-find:focus-visible { outline: 2px solid var(--cv-accent); outline-offset: 1px; }
@container cortex (max-width: 900px) { .cv-strip .cv-group:has(> span), .cv-strip .cv-group input[type=range] { display: none; } }
@container cortex (max-width: 720px) { .cv-strip .cv-find { width: 84px; } .cv-strip select { max-width: 96px; } .cv-strip > button, .cv-strip .cv-menu > button, .cv-segments button { padding: 2px 4px; } .cv-strip .cv-away { display: none; } }
@container cortex (max-width: 640px) { .cv-strip .cv-find, .cv-strip .cv-group { display: none; } }
@container cortex (max-width: 480px) { .cv-strip { column-gap: 2px; } }
@container cortex (max-width: 440px) { .cv-strip .cv-full, .cv-strip .cv-fit { display: none; } }
.cv-root option { background: var(--cv-ground); color: var(--cv-ink); }
.cv-root input[type=number] { width: 86px; cursor: text; }
.cv-root button:hover:not(:disabled), .cv-root select:hover { background: var(--cv-soft); }
.cv-root :is(button, select, input, summary, .cv-handle, .cv-stage):focus-visible { outline: 2px solid var(--cv-accent); outline-offset: 1px; }
.cv-root :disabled { opacity: 0.45; cursor: default; }
.cv-root [hidden] { display: none !important; }
.cv-segments { display: inline-flex; }
.cv-segments button { border-radius: 0; margin-left: -1px; min-width: 26px; }
.cv-segments button:first-child { border-radius: 5px 0 0 5px; margin-left: 0; }
.cv-segments button:last-child { border-radius: 0 5px 5px 0; }
.cv-root button[aria-pressed=true] { background: color-mix(in srgb, var(--cv-accent) 16%, var(--cv-ground)); border-color: var(--cv-accent); position: relative; font-weight: 600; }
.cv-group { display: inline-flex; gap: 5px; align-items: center; color: var(--cv-quiet); }
.cv-root input[type=range] { width: 62px; accent-color: var(--cv-accent); margin: 0; }
.cv-root input[type=checkbox] { accent-color: var(--cv-accent); margin: 0 5px 0 0; }
.cv-tick { display: inline-flex; align-items: center; min-height: 24px; cursor: pointer; }
.cv-spring { flex: 1; }
.cv-menu { position: relative; }
.cv-panel { position: absolute; top: calc(100% + 3px); z-index: 30; min-width: 210px; padding: 9px; border: 1px solid var(--cv-line); border-radius: 7px;
  background: var(--cv-ground); box-shadow: 0 6px 22px rgba(0,0,0,0.22); display: flex; flex-direction: column; gap: 7px; align-items: stretch; max-height: 430px; overflow: auto; }
.cv-panel.cv-right { right: 0; }
.cv-panel.cv-left { left: 0; }
.cv-panel p { margin: 0; max-width: 380px; }
.cv-panel table { min-width: 380px; border-spacing: 0; }
.cv-panel th { text-align: left; padding-right: 10px; white-space: nowrap; font-weight: 600; }
.cv-pair { display: flex; gap: 5px; align-items: center; }
.cv-regions-list { display: flex; flex-direction: column; gap: 3px; max-height: 250px; overflow: auto; }
.cv-region { display: flex; gap: 7px; align-items: center; }
.cv-region .cv-tick { flex: 1; }
.cv-region button { padding: 0 6px; }
.cv-swatch { width: 12px; height: 12px; border-radius: 2px; }
.cv-stage { position: relative; flex: 1; min-height: 0; overflow: hidden; touch-action: none; cursor: crosshair; border-radius: 6px; }
.cv-stage.cv-hidden { visibility: hidden; }
.cv-canvas, .cv-overlay { position: absolute; inset: 0; width: 100%; height: 100%; }
.cv-overlay { pointer-events: none; }
.cv-head { position: absolute; z-index: 20; display: flex; gap: 6px; align-items: center; pointer-events: none; cursor: default; }
.cv-head > * { pointer-events: auto; }
.cv-title { font-weight: 600; padding: 2px 4px; }
.cv-bar { position: absolute; touch-action: none; }
.cv-bar canvas { position: absolute; width: 100%; height: 100%; }
.cv-handle { position: absolute; width: 24px; height: 24px; margin-left: -12px; cursor: ew-resize; touch-action: none; border-radius: 3px; }
.cv-range { top: 32px; }
.cv-range::after { content: ''; position: absolute; left: 9.5px; width: 5px; top: 0; height: 13px; border: 1.5px solid var(--cv-ink); background: var(--cv-ground); border-radius: 2px; }
.cv-cut { top: 8px; }
.cv-cut::after { content: ''; position: absolute; left: 7px; top: 7px; border: 5px solid transparent; border-top-color: var(--cv-ink); }
.cv-readout { position: absolute; z-index: 25; pointer-events: none; padding: 6px 9px; border-radius: 6px; border: 1px solid var(--cv-line);
  background: color-mix(in srgb, var(--cv-ground) 94%, transparent); box-shadow: 0 3px 12px rgba(0,0,0,0.2); max-width: 330px; }
.cv-number { font-variant-numeric: tabular-nums; user-select: all; }
.cv-place { color: var(--cv-quiet); }
.cv-message { position: absolute; inset: 40px 0 24px; z-index: 15; display: flex; flex-direction: column; gap: 10px; align-items: center; justify-content: center;
  text-align: center; padding: 16px; background: color-mix(in srgb, var(--cv-ground) 88%, transparent); font-size: 14px; }
.cv-status { position: absolute; right: 4px; bottom: 1px; color: var(--cv-quiet); pointer-events: none; max-width: 70%; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.cv-table { font-size: 12px; flex: none; position: relative; }
.cv-means summary { cursor: pointer; color: var(--cv-quiet); height: 19px; }
.cv-means table { border-collapse: collapse; position: absolute; bottom: 22px; left: 0; z-index: 28; background: var(--cv-ground); border: 1px solid var(--cv-line); display: block; max-height: 380px; overflow: auto; }
.cv-means th, .cv-means td { padding: 2px 9px; text-align: right; border-bottom: 1px solid var(--cv-line); font-variant-numeric: tabular-nums; }
.cv-means th[scope=row] { text-align: left; }
.cv-means caption { text-align: left; padding: 4px 9px; color: var(--cv-quiet); }
@media (prefers-reduced-motion: reduce) { .cv-root * { transition: none !important; animation: none !important; } }
`;
