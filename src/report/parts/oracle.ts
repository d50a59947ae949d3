import { type Html, html } from './html.ts';

/** What stands behind a figure that is an oracle. */
export function star(oracle: boolean): string {
  return oracle ? '*' : '';
}

/** What the star means; stands below every table that has one. */
export const ORACLE_NOTE: Html = html`<p class="note">* Oracle: the threshold, or the choice of the score, was made on the very images it is reported on. It is what hindsight could reach, not what to expect on new images.</p>`;
