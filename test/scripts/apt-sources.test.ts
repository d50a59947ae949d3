import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { backportsSource, debianArchive } from '../../scripts/setup/apt-sources.mjs';

const list = (text: string) => ({ name: '/etc/apt/sources.list', text });
const sources = (text: string, name = 'debian.sources') => ({ name: `/etc/apt/sources.list.d/${name}`, text });

describe('one-line format', () => {
  test('keeps the URI and drops the other components', () => {
    const file = list('# the archive\ndeb http://mirror.example/debian bookworm main contrib non-free # comment\n');
    expect(backportsSource([file], 'bookworm')).toEqual({
      kind: 'derived',
      extension: 'list',
      text: 'deb http://mirror.example/debian bookworm-backports main\n',
    });
  });

  test('keeps the options', () => {
    const file = list(
      'deb [arch=amd64 signed-by=/usr/share/keyrings/k.gpg] https://mirror.example/debian/ bookworm main\n',
    );
    expect(backportsSource([file], 'bookworm')).toMatchObject({
      text: 'deb [arch=amd64 signed-by=/usr/share/keyrings/k.gpg] https://mirror.example/debian/ bookworm-backports main\n',
    });
  });

  test('source packages, comments, disks and the security archive are not the release', () => {
    const file = list(
      [
        'deb cdrom:[Debian_12]/ bookworm main',
        'deb-src http://mirror.example/debian bookworm main',
        '#deb http://mirror.example/debian bookworm main',
        'deb http://mirror.example/security bookworm-security main',
      ].join('\n'),
    );
    expect(backportsSource([file], 'bookworm')).toEqual({ kind: 'unknown' });
  });
});

describe('deb822 format', () => {
  const image = [
    'Types: deb deb-src',
    '# a snapshot',
    'URIs: http://mirror.example/debian',
    'Suites: bookworm bookworm-updates',
    'Components: main',
    'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
    '',
    'Types: deb',
    'URIs: http://mirror.example/debian-security',
    'Suites: bookworm-security',
    'Components: main',
    'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
  ].join('\n');

  test('keeps URIs and key', () => {
    expect(backportsSource([sources(image)], 'bookworm')).toEqual({
      kind: 'derived',
      extension: 'sources',
      text: [
        'Types: deb',
        'URIs: http://mirror.example/debian',
        'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
        'Suites: bookworm-backports',
        'Components: main',
        '',
      ].join('\n'),
    });
  });

  test('keeps a key written into the stanza, further options, and values over several lines', () => {
    const stanza = [
      'types: deb',
      'uris:',
      ' http://one.example/debian',
      ' http://two.example/debian',
      'suites: oldstable',
      'components: contrib',
      ' main',
      'check-valid-until: no',
      'signed-by:',
      ' -----BEGIN PGP PUBLIC KEY BLOCK-----',
      ' .',
      ' abc=',
      ' -----END PGP PUBLIC KEY BLOCK-----',
    ].join('\n');
    expect(backportsSource([sources(stanza)], 'bookworm')).toMatchObject({
      text: [
        'Types: deb',
        'URIs:',
        ' http://one.example/debian',
        ' http://two.example/debian',
        'Check-Valid-Until: no',
        'Signed-By:',
        ' -----BEGIN PGP PUBLIC KEY BLOCK-----',
        ' .',
        ' abc=',
        ' -----END PGP PUBLIC KEY BLOCK-----',
        'Suites: bookworm-backports',
        'Components: main',
        '',
      ].join('\n'),
    });
  });

  test('a stanza that is switched off does not count', () => {
    expect(backportsSource([sources(`Enabled: no\n${image.split('\n\n')[0]}`)], 'bookworm')).toEqual({
      kind: 'unknown',
    });
  });
});

describe('several files', () => {
  const vendor = list('deb https://packages.example/node bookworm main\n');
  const archive = sources(
    'Types: deb\nURIs: http://a.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n',
  );

  test("the archive is chosen, not another vendor's source for the release", () => {
    expect(backportsSource([vendor, archive], 'bookworm')).toMatchObject({ extension: 'sources' });
    expect(
      backportsSource(
        [
          vendor,
          list('deb http://a.example/debian bookworm main\ndeb http://a.example/debian bookworm-updates main\n'),
        ],
        'bookworm',
      ),
    ).toMatchObject({ text: 'deb http://a.example/debian bookworm-backports main\n' });
  });

  test('backports that are there already are left alone, in either format', () => {
    const line = list('deb http://a.example/debian bookworm-backports main contrib\n');
    const stanza = sources(
      'Types: deb\nURIs: http://a.example/debian\nSuites: bookworm bookworm-backports\nComponents: main\n',
    );
    expect(backportsSource([archive, line], 'bookworm')).toEqual({ kind: 'present' });
    expect(backportsSource([stanza], 'bookworm')).toEqual({ kind: 'present' });
  });
});

describe("Debian's archive", () => {
  const debian = { ID: 'debian', VERSION_CODENAME: 'bookworm' };
  const ubuntu = { ID: 'ubuntu', VERSION_CODENAME: 'noble' };
  const own = list('deb [signed-by=/k.gpg] http://a.example/debian bookworm main\n');
  const suites = ['trixie', 'trixie-backports'];

  test('is what a Debian installs from, whatever suite is wanted', () => {
    expect(debianArchive([own], debian, suites)).toMatchObject({
      extension: 'list',
      text: 'deb [signed-by=/k.gpg] http://a.example/debian SUITE main\n',
    });
  });

  test('is elsewhere a source that serves a wanted suite, in either format', () => {
    const browser = list('deb http://b.example/browser stable main\ndeb http://u.example/ubuntu noble main\n');
    const stanza = sources('Types: deb\nURIs: http://a.example/debian\nSuites: trixie\nComponents: main contrib\n');
    expect(debianArchive([browser, stanza], ubuntu, suites)).toMatchObject({
      extension: 'sources',
      text: 'Types: deb\nURIs: http://a.example/debian\nSuites: SUITE\nComponents: main\n',
    });
    expect(debianArchive([browser, own], ubuntu, suites)).toBeUndefined();
  });

  test('is nowhere on a machine without sources', () => {
    expect(debianArchive([], debian, suites)).toBeUndefined();
    expect(debianArchive([], {}, suites)).toBeUndefined();
  });
});

test('what is installed comes from no address that this repository names', () => {
  const { stdout } = spawnSync(
    'git',
    ['grep', '-nE', String.raw`(debian|ubuntu|npmjs|pypi)\.(org|com)`, '--', 'scripts', 'gpu-host', 'src'],
    {
      encoding: 'utf8',
    },
  );
  expect(stdout).toBe('');
});
