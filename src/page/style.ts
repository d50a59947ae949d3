/** What the page adds to the style of reports, whose colours and forms it has. */
export const PAGE_STYLE = `
h1 { overflow-wrap: anywhere; }
#drop {
  padding: 22px 16px; border: 2px dashed var(--line); border-radius: 12px; background: var(--surface); text-align: center;
}
#drop.over { border-color: var(--accent); background: var(--accent-soft); }
#drop p { margin: 0 0 12px; }
#drop .buttons { display: flex; flex-wrap: wrap; gap: 8px; justify-content: center; }
#progress { margin: 12px 0; font-variant-numeric: tabular-nums; }
#camera-panel { margin-top: 12px; text-align: center; }
#camera-panel video { max-width: 100%; max-height: 50vh; border-radius: 8px; background: #000; }
.work { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 18px; align-items: start; }
#viewer { position: sticky; top: 12px; margin: 0; }
#viewer canvas { display: block; width: 100%; max-height: 68vh; object-fit: contain; border-radius: 6px; background: #000; }
#viewer canvas { image-rendering: pixelated; }
#viewer label { display: flex; gap: 10px; align-items: center; margin-top: 10px; font-size: 0.875rem; }
#viewer input { flex: 1; accent-color: var(--accent); }
#caption p { margin: 4px 0; font-size: 0.9rem; }
#legend { height: 10px; margin-top: 8px; border: 1px solid var(--line); border-radius: 4px; }
thead button { padding: 2px 0; white-space: nowrap; border: 0; background: none; color: inherit; font-size: inherit; text-align: left; }
thead button::after { content: ' ↕'; opacity: 0.4; }
th[aria-sort="ascending"] button::after { content: ' ↑'; opacity: 1; }
th[aria-sort="descending"] button::after { content: ' ↓'; opacity: 1; }
.picture canvas { display: block; width: 48px; height: 48px; object-fit: contain; border-radius: 4px; background: #000; }
.scroll tbody th { min-width: 0; }
#list table { table-layout: fixed; }
#by-place { width: 76px; }
#by-score { width: 84px; }
#by-verdict { width: 36%; }
.model-facts { grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 14px 28px; }
#caption { margin-top: 8px; color: var(--text); font-size: 0.9rem; }
button.file { width: 100%; border-color: transparent; background: none; text-align: left; }
button.file[aria-current="true"] { border-color: var(--accent); background: var(--accent-soft); }
tr[data-state="flagged"] > td:first-child { box-shadow: inset 4px 0 0 var(--bad); }
tr[data-state="unreadable"] > td:first-child { box-shadow: inset 4px 0 0 var(--warn); }
.badge.flagged { border-color: transparent; background: var(--bad-soft); color: var(--bad); }
.badge.passed { border-color: transparent; background: var(--good-soft); color: var(--good); }
.badge.unreadable { border-color: transparent; background: var(--warn-soft); color: var(--warn); }
@media (max-width: 760px) {
  .work { grid-template-columns: minmax(0, 1fr); }
  #viewer { position: static; order: -1; }
  .scroll td, .scroll th { padding: 6px; }
  #by-place { width: 62px; }
  #by-score { width: 70px; }
  #by-verdict { width: 96px; }
  button.file { padding: 4px; font-size: 0.8rem; }
}
`;
