import { chartData } from './parts/chart-data.ts';
import { type Html, html, trusted } from './parts/html.ts';
import type { Report, ReportPictures } from './parts/report.ts';
import { libraryStyle, scripts } from './scripts.ts';
import { baselineSection } from './sections/baseline.ts';
import { checksSection } from './sections/checks.ts';
import { curvesSection } from './sections/curves.ts';
import { figuresSection } from './sections/figures.ts';
import { gallerySection } from './sections/gallery.ts';
import { whereSection } from './sections/localisation.ts';
import { lossesSection } from './sections/losses.ts';
import { runSection } from './sections/run.ts';
import { scoresSection } from './sections/scores.ts';
import { summarySection } from './sections/summary.ts';
import { typesSection } from './sections/types.ts';
import { STYLE } from './style.ts';

/** From top to bottom. A section that has nothing to show is null. */
const SECTIONS: readonly ((report: Report, pictures: ReportPictures) => Html | null)[] = [
  summarySection,
  curvesSection,
  figuresSection,
  typesSection,
  whereSection,
  baselineSection,
  checksSection,
  gallerySection,
  scoresSection,
  lossesSection,
  runSection,
];

/**
 * A report as one HTML file that opens offline: pictures and scripts are inside it, and its content security policy forbids it to
 * load anything or to run any script but these. Every text of the report is escaped. It computes no figure of its own.
 */
export function renderReport(report: Report, pictures: ReportPictures): string {
  const { elements, policy } = scripts();
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${report.title}</title>
<link rel="icon" href="data:,">
<style>${libraryStyle()}${trusted(STYLE)}</style>
</head>
<body>
<main>
${SECTIONS.map((section) => section(report, pictures)).filter((part) => part !== null)}
</main>
${chartData(report)}
${elements}
</body>
</html>
`.markup;
}
