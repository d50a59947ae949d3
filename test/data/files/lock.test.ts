import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { whileLocked } from '../../../src/data/files/lock.ts';
import { expectRejection, useTemporaryFolder } from '../support.ts';

const path = useTemporaryFolder();
const program = fileURLToPath(new URL('lock-holder.ts', import.meta.url));

/** A process that holds the lock, or was refused it: then it has ended. */
async function holder(...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', program, path('lock'), ...args]);
  let said = '';
  const ended = new Promise<{ code: number | null; said: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, said })),
  );
  const held = new Promise<void>((resolve) =>
    child.stdout.on('data', (text) => {
      said += text;
      if (said.includes('held')) resolve();
    }),
  );
  await Promise.race([held, ended]);
  return { child, ended, said: () => said };
}

const lock = (onStale?: (warning: string) => void) => ({ path: path('lock'), what: 'The thing', onStale });

describe('whileLocked', () => {
  it('refuses another process, naming the one that holds it, until it ends', async () => {
    const first = await holder();
    const { pid = 0 } = first.child;
    await expectRejection(
      () => whileLocked(lock(), async () => expect.unreachable()),
      `The thing is in the hands of process ${pid} on ${hostname()}, since 20`,
      `remove ${path('lock')}`,
    );
    const second = await (await holder()).ended;
    expect([second.code, second.said]).toEqual([1, expect.stringContaining(`process ${pid} on`)]);
    expect(existsSync(path('lock'))).toBe(true);
    first.child.kill('SIGKILL');
    await first.ended;
    // Killed at once, it left its lock behind.
    const told: string[] = [];
    expect(
      await whileLocked(
        lock((warning) => told.push(warning)),
        async () => readFileSync(path('lock'), 'utf8'),
      ),
    ).toContain(`"pid":${process.pid},`);
    expect(told).toEqual([
      expect.stringMatching(new RegExp(`^The thing was left locked by process ${pid}, .* It is taken over`)),
    ]);
    expect(readdirSync(path())).toEqual([]);
  });

  it('removes what one that was killed while it took the lock left long ago, and nothing else', async () => {
    const [old, late] = [new Date(Date.now() - 2 * 3_600_000), new Date()];
    const names = [
      '.lock.0123456789ab.partial',
      '.lock.taken-over.0123456789ab.partial',
      '.other.0123456789ab.partial',
    ];
    for (const name of names) {
      writeFileSync(path(name), '{');
      utimesSync(path(name), old, old);
    }
    writeFileSync(path('.lock.ba9876543210.partial'), '{');
    utimesSync(path('.lock.ba9876543210.partial'), late, late);
    await whileLocked(lock(), async () => {});
    expect(readdirSync(path()).sort()).toEqual(['.lock.ba9876543210.partial', '.other.0123456789ab.partial']);
  });

  it('is taken away at a normal end, by an error, and by process.exit', async () => {
    for (const [end, code] of [
      ['', 0],
      ['throw', 1],
      ['exit', 130],
    ] as const) {
      const ended = await (await holder('50', end)).ended;
      expect([ended.code, readdirSync(path())]).toEqual([code, []]);
    }
  });

  it('is held by one of many processes that begin at the same time, also where they find a lock that was left behind', async () => {
    for (const isStale of [false, true]) {
      expect(existsSync(path('lock'))).toBe(isStale);
      // Who holds it does so until it is killed.
      const all = await Promise.all(Array.from({ length: 5 }, () => holder()));
      const [first, ...more] = all.filter(({ said }) => said().includes('held'));
      expect([first !== undefined, more]).toEqual([true, []]);
      first?.child.kill('SIGKILL');
      const codes = await Promise.all(all.map(async ({ ended }) => (await ended).code));
      expect(codes.filter((code) => code === 1)).toHaveLength(4);
      expect(readdirSync(path())).toEqual(['lock']);
    }
  });

  it('is not taken over from a process of another machine or container, nor where it does not say whose it is', async () => {
    const own = await whileLocked(lock(), async () => JSON.parse(readFileSync(path('lock'), 'utf8')));
    const gone = { ...own, pid: 2 ** 22 + 1, began: '1' };
    const refuse = async (content: string, ...texts: string[]) => {
      writeFileSync(path('lock'), content);
      await expectRejection(() => whileLocked(lock(), async () => expect.unreachable()), ...texts);
      expect(readFileSync(path('lock'), 'utf8')).toBe(content);
    };
    await refuse(
      JSON.stringify({ ...gone, host: 'elsewhere' }),
      `process ${gone.pid} on elsewhere`,
      'If that process is gone',
    );
    if (process.platform === 'linux')
      await refuse(JSON.stringify({ ...gone, namespace: 'pid:[1]' }), `process ${gone.pid} on`);
    for (const content of ['', '{"pid":', '{"pid":-1}', 'null']) await refuse(content, 'does not say by which process');
  });

  it('is taken over also where one was killed while it took it over', async () => {
    const own = await whileLocked(lock(), async () => JSON.parse(readFileSync(path('lock'), 'utf8')));
    const gone = JSON.stringify({ ...own, pid: 2 ** 22 + 1, began: '1' });
    for (const depth of [1, 2]) {
      for (let i = 0; i <= depth; i++) writeFileSync(path(`lock${'.taken-over'.repeat(i)}`), gone);
      expect(await whileLocked(lock(), async () => readdirSync(path()))).toEqual(['lock']);
    }
    // By one that lives it is not.
    writeFileSync(path('lock'), gone);
    writeFileSync(path('lock.taken-over'), JSON.stringify(own));
    await expectRejection(() => whileLocked(lock(), async () => expect.unreachable()), `process ${own.pid} on`);
    expect(readFileSync(path('lock'), 'utf8')).toBe(gone);
  });

  it('is taken over from another machine or container that has given no sign of life for ten minutes', async () => {
    const own = await whileLocked(lock(), async () => JSON.parse(readFileSync(path('lock'), 'utf8')));
    const elsewhere = [{ host: 'elsewhere' }, ...(process.platform === 'linux' ? [{ namespace: 'pid:[1]' }] : [])];
    for (const changed of elsewhere) {
      writeFileSync(path('lock'), JSON.stringify({ ...own, ...changed, pid: 2 ** 22 + 1 }));
      const ago = (minutes: number) => new Date(Date.now() - 60_000 * minutes);
      utimesSync(path('lock'), ago(9), ago(9));
      await expectRejection(() => whileLocked(lock(), async () => expect.unreachable()), 'ten minutes after its last');
      utimesSync(path('lock'), ago(-60), ago(-60));
      await expectRejection(() => whileLocked(lock(), async () => expect.unreachable()), 'ahead of the clock here');
      utimesSync(path('lock'), ago(11), ago(11));
      const told: string[] = [];
      expect(
        await whileLocked(
          lock((warning) => told.push(warning)),
          async () => 'done',
        ),
      ).toBe('done');
      expect(told).toEqual([expect.stringContaining('It is taken over')]);
    }
  });

  it('is touched by its holder, so that others see it live', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      await whileLocked(lock(), async () => {
        const long = new Date(Date.now() - 3_600_000);
        utimesSync(path('lock'), long, long);
        vi.advanceTimersByTime(60_000);
        expect(Date.now() - statSync(path('lock')).mtimeMs).toBeLessThan(60_000);
      });
    } finally {
      vi.useRealTimers();
    }
  });

  it.runIf(process.platform === 'linux')(
    'is taken over where its number is another process by now, and where the machine was started anew',
    async () => {
      const own = await whileLocked(lock(), async () => JSON.parse(readFileSync(path('lock'), 'utf8')));
      for (const changed of [{ began: '1' }, { boot: 'an earlier one' }]) {
        writeFileSync(path('lock'), JSON.stringify({ ...own, ...changed }));
        expect(await whileLocked(lock(), async () => 'done')).toBe('done');
      }
    },
  );

  it('leaves a lock in place that somebody else has put there, and says where it cannot be written', async () => {
    await whileLocked(lock(), async () => writeFileSync(path('lock'), 'foreign'));
    expect(readFileSync(path('lock'), 'utf8')).toBe('foreign');
    const absent = { path: path('absent', 'lock'), what: 'The thing' };
    await expectRejection(() => whileLocked(absent, async () => {}), path('absent', 'lock'), 'ENOENT');
    mkdirSync(path('folder'));
    await expectRejection(
      () => whileLocked({ ...absent, path: path('folder') }, async () => {}),
      'does not say by which',
    );
  });
});
