/** The style of the page: quiet greys, blue for normal and orange for abnormal, which colour-blind eyes tell apart. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --surface: #fff; --line: #dfe3e9; --text: #1c232c; --muted: #5a6573;
  --normal: #2f6db3; --abnormal: #c25415; --accent: #1f5f8b; --bad: #b3261e; --good: #2b6e3f; --warn: #8a5a00;
  --bad-soft: #fbe9e7; --warn-soft: #fdf3dc; --accent-soft: #e6f0f7; --good-soft: #e7f3ea; --shade: rgb(28 35 44 / 0.32);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14181d; --surface: #1c2229; --line: #323b46; --text: #e4e9ef; --muted: #9aa7b5;
    --normal: #6fa8e6; --abnormal: #f08c4a; --accent: #7fbbe3; --bad: #ff8a80; --good: #86cf9a; --warn: #f0c060;
    --bad-soft: #3b2222; --warn-soft: #37301c; --accent-soft: #1d3142; --good-soft: #1e3326; --shade: rgb(154 167 181 / 0.5);
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 24px 20px 64px; }
section { margin-top: 40px; scroll-margin-top: 64px; }
nav + section { margin-top: 16px; }
/* Navigation, and tables: where more lies beyond an edge, it is shaded. The shades stay, and covers that move with the content hide them at its ends. */
nav, .scroll, pre {
  --cover: var(--surface);
  overflow-x: auto; background-color: var(--cover); background-repeat: no-repeat;
  background-image:
    linear-gradient(90deg, var(--cover) 40%, transparent), linear-gradient(270deg, var(--cover) 40%, transparent),
    linear-gradient(90deg, var(--shade), transparent), linear-gradient(270deg, var(--shade), transparent);
  background-position: left, right, left, right; background-size: 56px 100%, 56px 100%, 20px 100%, 20px 100%;
  background-attachment: local, local, scroll, scroll;
}
nav { --cover: var(--page); position: sticky; top: 0; z-index: 2; display: flex; gap: 14px; margin-top: 16px; padding: 10px 0; white-space: nowrap; font-size: 14px; line-height: 22px; }
h1, h2, h3 { line-height: 1.25; text-wrap: balance; }
h1 { margin: 0; font-size: 1.9rem; font-weight: 650; }
h2 { margin: 0 0 12px; font-size: 1.3rem; font-weight: 620; }
h3 { margin: 0 0 8px; font-size: 1rem; font-weight: 600; }
code, pre { font: 0.9em ui-monospace, monospace; }
small { display: block; color: var(--muted); font-size: 0.8rem; font-weight: 400; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.kicker { margin: 0 0 6px; color: var(--muted); font-size: 0.85rem; }
.subtitle { margin: 8px 0 0; max-width: 75ch; color: var(--muted); }
.note { margin: 8px 0; max-width: 90ch; color: var(--muted); font-size: 0.875rem; }
.file { overflow-wrap: anywhere; unicode-bidi: isolate; }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 12px; margin: 0 0 16px; }
.tile, .statement, .panel, .card, .warning, .skipped {
  background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px;
}
.tile dt { color: var(--muted); font-size: 0.85rem; }
.tile dd { margin: 2px 0 0; font-size: 1.5rem; font-weight: 620; font-variant-numeric: tabular-nums; }
.tile.missed dd { color: var(--bad); }
.tile.false-alarm dd { color: var(--warn); }
.statement p { margin: 0 0 6px; max-width: 90ch; }
.scroll + .scroll { margin-top: 12px; }
.warning { margin: 12px 0; border-color: var(--warn); background: var(--warn-soft); }
.skipped { margin-top: 12px; }

.scroll { border: 1px solid var(--line); border-radius: 10px; }
.scroll table { width: 100%; border-collapse: collapse; font-size: 0.9rem; }
caption { padding: 10px 14px; text-align: left; color: var(--muted); font-size: 0.85rem; }
.scroll th, .scroll td { padding: 8px 9px; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
.scroll thead th { color: var(--muted); font-size: 0.8rem; font-weight: 500; vertical-align: bottom; }
.scroll tbody th { min-width: 170px; font-weight: 600; }
.scroll .group { text-align: center; border-left: 1px solid var(--line); }
.scroll .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.strong { font-weight: 650; }
.oracle { color: var(--muted); }
.interval { white-space: nowrap; }
/* Half-transparent, so that the shade at the table's edge shows through. */
tr.chosen > * { background: color-mix(in srgb, var(--accent) 11%, transparent); }

.badge {
  display: inline-block; padding: 1px 8px; border: 1px solid var(--line); border-radius: 999px;
  color: var(--muted); font-size: 0.75rem; font-weight: 500; overflow-wrap: anywhere;
}
.badge.chosen { border-color: var(--accent); color: var(--accent); }
.badge.normal { border-color: var(--normal); color: var(--normal); }
.badge.abnormal { border-color: var(--abnormal); color: var(--abnormal); }
.badge.correct { border-color: transparent; background: var(--good-soft); color: var(--good); }
.badge.missed { border-color: transparent; background: var(--bad-soft); color: var(--bad); }
.badge.false-alarm { border-color: transparent; background: var(--warn-soft); color: var(--warn); }

.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 16px 0 10px; font-size: 0.875rem; }
.legend > span { display: inline-flex; gap: 8px; align-items: center; }
.key { width: 14px; height: 12px; border-radius: 2px; }
.key.normal { background: var(--normal); }
.key.abnormal { background: var(--abnormal); }
.key.threshold { width: 3px; height: 16px; background: var(--text); }
.key.dot { width: 11px; height: 11px; border: 2.5px solid var(--text); border-radius: 50%; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 14px; }
.panels.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 280px), 1fr)); }
.panel { min-width: 0; }
.check p { margin: 0 0 6px; font-size: 0.92rem; }
.check.warns { border-color: var(--warn); }

.uplot { font: inherit; }
/* The values under the pointer, over what follows the chart; without a pointer there is nothing to tell. */
.chart { position: relative; }
figure.panel { margin: 16px 0 0; }
.trade-off { display: block; width: 100%; max-width: 480px; }
.trade-off path { fill: none; }
.trade-off .axis { stroke: var(--line); }
.trade-off .curve { stroke: var(--abnormal); stroke-width: 2; }
.trade-off .present { fill: var(--accent); }
.trade-off text { fill: var(--muted); font-size: 11px; }
.uplot .u-legend {
  display: none; position: absolute; inset: 100% 0 auto; z-index: 1; padding: 6px 8px;
  background: var(--surface); border: 1px solid var(--line); border-radius: 8px;
}
.chart:has(.u-over:hover) .u-legend { display: block; }
.u-legend { margin: 0; color: var(--muted); font-size: 0.78rem; text-align: left; font-variant-numeric: tabular-nums; }
.u-legend th { font-weight: 400; }
.u-inline tr { margin-right: 12px; }
.u-series > * { padding: 1px 2px; }
.u-legend .u-value { min-width: 4em; color: var(--text); }
.u-select { background: var(--accent); opacity: 0.15; }

.colour-bar { max-width: 560px; margin: 0 0 18px; }
.colour-bar .bar { height: 14px; border: 1px solid var(--line); border-radius: 4px; }
.colour-bar .values { display: flex; justify-content: space-between; font-size: 0.8rem; font-variant-numeric: tabular-nums; }
figcaption { color: var(--muted); font-size: 0.8rem; }
.toolbar { position: sticky; top: 42px; z-index: 1; padding: 10px 0; background: var(--page); }
.toolbar, .toolbar > div { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.toolbar { gap: 10px 20px; margin-bottom: 12px; }
button, select {
  padding: 6px 12px; border: 1px solid var(--line); border-radius: 8px; background: var(--surface); color: var(--text);
  font: inherit; font-size: 0.875rem; cursor: pointer;
}
/* Names of scores are longer than a telephone is wide. */
.toolbar > div, label, select { min-width: 0; max-width: 100%; }
button span { color: var(--muted); font-variant-numeric: tabular-nums; }
button[aria-pressed="true"] { border-color: var(--accent); background: var(--accent-soft); color: var(--accent); }
button:disabled { opacity: 0.45; cursor: default; }
.count { margin: 0; color: var(--muted); font-size: 0.875rem; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 380px), 1fr)); gap: 14px; }
.card { padding: 12px; border-left-width: 5px; content-visibility: auto; contain-intrinsic-size: auto 260px; }
/* Thousands of cards would take seconds to lay out: those in view come first. */
.gallery.whole .card { content-visibility: visible; }
.card.missed { border-left-color: var(--bad); }
.card.false-alarm { border-left-color: var(--warn); }
.head { display: flex; gap: 8px; align-items: flex-start; justify-content: space-between; }
.head button { padding: 0 7px; }
.card h3 { font-size: 0.8rem; font-weight: 500; }
.strip { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 6px; cursor: zoom-in; }
.strip figure { margin: 0; }
.strip img { display: block; width: 100%; height: auto; border-radius: 4px; background: #000; }
.verdict { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; margin: 10px 0 4px; font-size: 0.85rem; }
.decision { flex-basis: 100%; font-variant-numeric: tabular-nums; }
summary { color: var(--muted); font-size: 0.85rem; cursor: pointer; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 130px), 1fr)); gap: 8px 20px; margin: 8px 0; font-size: 0.875rem; }
.facts dt { color: var(--muted); font-size: 0.8rem; }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
pre { padding: 12px 14px; border: 1px solid var(--line); border-radius: 8px; }
dialog { width: min(1200px, 96vw); padding: 14px; border: 1px solid var(--line); border-radius: 12px; background: var(--page); color: var(--text); }
dialog::backdrop { background: rgb(0 0 0 / 0.6); }
dialog .card { border: 0; background: none; content-visibility: visible; }
dialog .strip { cursor: default; image-rendering: pixelated; }
.controls { display: flex; gap: 8px; justify-content: flex-end; position: sticky; bottom: 0; }

@media (max-width: 560px) {
  main { padding: 16px 12px 48px; }
  h1 { font-size: 1.5rem; }
  .toolbar { position: static; }
  section { scroll-margin-top: 56px; }
  dialog .strip { grid-auto-flow: row; grid-template-columns: 1fr 1fr; }
}
@media print {
  nav, .toolbar, details > summary { display: none; }
  .card, .panel, .tile { break-inside: avoid; }
}
`;
