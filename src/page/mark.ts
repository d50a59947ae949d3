/** What a file begins with that is such a page. */
export const PAGE_MARK = '<!doctype html>\n<!-- A detector, made by cyclops page. -->\n';
