import { chartData } from './parts/chart-data.ts';
import { Html, html, trusted } from './parts/html.ts';
import type { ReportPictures } from './parts/pictures.ts';
import type { Report } from './parts/report.ts';
import type { Section } from './parts/section.ts';
import { libraryStyle, scripts } from './scripts.ts';
import { baselineSection } from './sections/baseline.ts';
import { checksSection } from './sections/checks.ts';
import { curvesSection } from './sections/curves.ts';
import { decisionSection } from './sections/decision.ts';
import { figuresSection } from './sections/figures.ts';
import { gallerySection } from './sections/gallery.ts';
import { whereSection } from './sections/localisation.ts';
import { lossesSection } from './sections/losses.ts';
import { runSection } from './sections/run.ts';
import { scoresSection } from './sections/scores.ts';
import { outcomeSection, summarySection } from './sections/summary.ts';
import { typesSection } from './sections/types.ts';
import { STYLE } from './style.ts';

/** Under the outcome, from top to bottom. */
const SECTIONS: readonly Section[] = [
  { id: 'images', heading: 'Images', content: gallerySection },
  { id: 'decision', heading: 'How the decision was made', content: decisionSection },
  { id: 'curves', heading: 'Curves', content: curvesSection },
  { id: 'figures', heading: 'Calibrated against oracle', content: figuresSection },
  { id: 'types', heading: 'Recall of each kind of defect', content: typesSection },
  { id: 'where', heading: 'Where', content: whereSection },
  { id: 'baseline', heading: 'Baseline', content: baselineSection },
  { id: 'checks', heading: 'Checks', content: checksSection },
  { id: 'scores', heading: 'All scores', content: scoresSection },
  { id: 'losses', heading: 'Training', content: lossesSection },
  { id: 'run', heading: 'This run', content: runSection },
];

/**
 * A report as one HTML file that opens offline: pictures and scripts are inside it, and its content security policy forbids it to
 * load anything or to run any script but these. Every text of the report is escaped. It computes no figure of its own.
 *
 * @returns the file piece by piece: with pictures of thousands of images it is longer than a string may be
 */
export function* renderReport(report: Report, pictures: ReportPictures): Generator<string> {
  const { elements, policy } = scripts();
  const shown = SECTIONS.flatMap(({ content, ...section }) => {
    const made = content(report, pictures);
    return made === null ? [] : [{ ...section, pieces: made instanceof Html ? [made] : made }];
  });
  yield `<!doctype html>
<html lang="en">
${head(report.title, policy).markup}
<body>
<main>
${summarySection(report).markup}
${navigation(shown).markup}
`;
  yield outcomeSection(report).markup;
  for (const { id, heading, pieces } of shown) {
    yield `\n<section id="${id}" aria-labelledby="${id}-heading">\n<h2 id="${id}-heading">${heading}</h2>\n`;
    for (const { markup } of pieces) yield markup;
    yield '\n</section>';
  }
  yield `
</main>
${chartData(report).markup}
${elements.markup}
</body>
</html>
`;
}

function head(title: string, policy: string): Html {
  return html`<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${policy}; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${libraryStyle()}${trusted(STYLE)}</style>
</head>`;
}

function navigation(sections: readonly Omit<Section, 'content'>[]): Html {
  return html`<nav aria-label="Sections">${sections.map(({ id, heading }) => html`<a href="#${id}">${heading}</a>`)}</nav>`;
}
