import { createHash } from 'node:crypto';
import { gallerySection } from './gallery.ts';
import { html, trusted } from './html.ts';
import type { ReportInput } from './input.ts';
import { lossesSection } from './losses.ts';
import { scoresSection } from './scores.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';
import { runSection, summarySection } from './summary.ts';

/**
 * The report of an evaluation as one HTML file that opens offline: pictures are inside it, and its content security
 * policy forbids it to load anything or to run any script but its own. Every text of the input is escaped.
 */
export function renderReport(input: ReportInput): string {
  const scriptHash = createHash('sha256').update(SCRIPT).digest('base64');
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${input.title}</title>
<link rel="icon" href="data:,">
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
${summarySection(input)}
${scoresSection(input.evaluation)}
${gallerySection(input)}
${lossesSection(input.training.losses)}
${runSection(input)}
</main>
<script>${trusted(SCRIPT)}</script>
</body>
</html>
`.markup;
}
