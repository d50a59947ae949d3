import type { Html } from './html.ts';
import type { ReportPictures } from './pictures.ts';
import type { Report } from './report.ts';

/** A part of the page under a heading, to which the page's navigation leads. */
export interface Section {
  id: string;
  heading: string;
  /** What stands under the heading, perhaps piece by piece; null where there is nothing to show. */
  content: (report: Report, pictures: ReportPictures) => Html | Iterable<Html> | null;
}
