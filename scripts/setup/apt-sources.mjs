// Where Debian's packages come from, by the machine's own apt sources, in either of apt's two formats.
// Pure: text in, text out.

/** @typedef {{ name: string, text: string }} SourcesFile name as in /etc/apt, ending in .list or .sources */
/**
 * @typedef {{ extension: 'list' | 'sources', text: string, suites: string[], components: string[], uris: string }}
 *   Source
 */

// Debian's archive answers to these names as well as to the codename.
const ALIASES = ['stable', 'oldstable', 'oldoldstable'];

/** One-line format: `deb [options] uri suite component…`. @param {string} text @returns {Source[]} */
function oneLineSources(text) {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line);
    if (!match) return [];
    const [, options = '', uri = '', suite = '', components = ''] = match;
    return {
      extension: 'list',
      text: `deb ${options}${uri} SUITE main\n`,
      suites: [suite],
      components: components.trim().split(/\s+/),
      uris: uri,
    };
  });
}

/**
 * deb822 format: stanzas of `Field: value`, where a line that starts with a blank continues the value.
 * @param {string} text
 * @returns {Source[]}
 */
function deb822Sources(text) {
  const uncommented = text.replace(/^#.*\n?/gm, '');
  return uncommented.split(/\n\s*\n/).flatMap((stanza) => {
    /** @type {Map<string, string>} */
    const fields = new Map();
    for (const [, name = '', value = ''] of stanza.matchAll(/^([\w-]+):((?:.*)(?:\n[ \t].*)*)/gm)) {
      fields.set(name.toLowerCase(), value);
    }
    /** @param {string} name */
    const words = (name) => (fields.get(name) ?? '').trim().split(/\s+/);
    if (!words('types').includes('deb') || words('enabled')[0]?.toLowerCase() === 'no') return [];
    const kept = [...fields].filter(([name]) => !['types', 'suites', 'components', 'enabled'].includes(name));
    const lines = [
      'Types: deb',
      ...kept.map(([name, value]) => `${fieldName(name)}:${value}`),
      'Suites: SUITE',
      'Components: main',
    ];
    return {
      extension: 'sources',
      text: `${lines.join('\n')}\n`,
      suites: words('suites'),
      components: words('components'),
      uris: words('uris').join(' '),
    };
  });
}

/** uris → URIs, signed-by → Signed-By (apt reads either; people read the second). @param {string} name */
function fieldName(name) {
  return name === 'uris' ? 'URIs' : name.replace(/\b\w/g, (letter) => letter.toUpperCase());
}

/** @param {Source} source @param {string[]} suites */
const serves = (source, suites) =>
  source.components.includes('main') && suites.some((suite) => source.suites.includes(suite));

/** @param {SourcesFile[]} files */
const sourcesIn = (files) =>
  files.flatMap(({ name, text }) => (name.endsWith('.sources') ? deb822Sources(text) : oneLineSources(text)));

/**
 * The source that serves the release itself, with the word SUITE in its text where the suite belongs.
 * @param {SourcesFile[]} files
 * @param {string} codename the release, such as bookworm
 * @returns {Source | undefined}
 */
export function releaseSource(files, codename) {
  const sources = sourcesIn(files);
  const release = sources.filter((source) => serves(source, [codename, ...ALIASES]) && !/^cdrom:/.test(source.uris));
  // Other vendors name their suites after the release too, but only Debian's own archive has its updates.
  const updates = [codename, ...ALIASES].map((suite) => `${suite}-updates`);
  const archives = sources.filter((source) => serves(source, updates)).map((source) => source.uris);
  return release.find((source) => archives.includes(source.uris)) ?? release[0];
}

/**
 * The source that serves Debian's archive: on a Debian the one that serves its release, on another system one that
 * serves a wanted suite.
 * @param {SourcesFile[]} files
 * @param {Record<string, string>} release the fields of /etc/os-release
 * @param {string[]} suites that are wanted, such as trixie
 * @returns {Source | undefined} with the word SUITE in its text where the suite belongs
 */
export function debianArchive(files, { ID, VERSION_CODENAME = '' }, suites) {
  // On another system `stable` is not Debian's.
  return ID === 'debian' ? releaseSource(files, VERSION_CODENAME) : sourcesIn(files).find((one) => serves(one, suites));
}

/**
 * The apt source of `<codename>-backports`, with the URI, key and options of the source that serves the release itself.
 * @param {SourcesFile[]} files
 * @param {string} codename the release, such as bookworm
 * @returns {{ kind: 'present' } | { kind: 'derived', extension: 'list' | 'sources', text: string } | { kind: 'unknown'
 *   }} present: already among the sources; unknown: no source serves the release
 */
export function backportsSource(files, codename) {
  const backports = `${codename}-backports`;
  if (sourcesIn(files).some((source) => serves(source, [backports]))) return { kind: 'present' };
  const chosen = releaseSource(files, codename);
  if (!chosen) return { kind: 'unknown' };
  return { kind: 'derived', extension: chosen.extension, text: chosen.text.replace('SUITE', backports) };
}
