import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { crc32 } from 'node:zlib';
import * as v from 'valibot';
import { CyclopsError } from '../../gpu/errors.ts';
import type { CachedChoice, ChoiceCache } from '../../kernels/tuning/choice-cache.ts';
import { writeFileAtomic } from './atomic.ts';
import { readJson } from './json-file.ts';
import { makeFolder } from './make-folder.ts';
import { byName, finite, object, text } from './schema.ts';

/** What measurements depend on besides the kernels, by name: adapter, driver, version of Dawn, … */
export type MeasuringDevice = Readonly<Record<string, string>>;

/** Counts up when the files' form changes; files of another form are as good as none. */
const FORMAT = 1;

const choiceSchema = object({
  variant: text,
  milliseconds: byName(finite(0)),
  kernels: text,
});

/** One damaged choice is left out alone. */
const fileSchema = object({ format: v.literal(FORMAT), device: byName(text), choices: byName(v.unknown()) });

/** The user's folder for what can be made again: the system's own convention, and `cyclops` in it. */
export function cacheFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: string = process.platform,
): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = environment;
  const absolute = (path: string | undefined) => (path !== undefined && isAbsolute(path) ? path : undefined);
  const folder =
    platform === 'win32'
      ? (absolute(LOCALAPPDATA) ?? join(home(), 'AppData', 'Local'))
      : platform === 'darwin'
        ? join(home(), 'Library', 'Caches')
        : (absolute(XDG_CACHE_HOME) ?? join(home(), '.cache'));
  return join(folder, 'cyclops');
}

/** The user's home; for a user without one, as in a bare container, the folder for temporary files. */
function home(): string {
  try {
    return homedir();
  } catch {
    return tmpdir();
  }
}

/**
 * Measured choices of one device in a JSON file. What cannot be read counts as not there; several processes may use the file
 * at once, and at worst something is measured twice.
 */
export class FileChoiceCache implements ChoiceCache {
  readonly path: string;
  private writable = true;

  /** @param notice told once, in a sentence, when the file cannot be written. */
  constructor(
    private readonly device: MeasuringDevice,
    private readonly notice: (line: string) => void,
    folder = cacheFolder(),
  ) {
    const identity = crc32(new TextEncoder().encode(JSON.stringify(device)));
    this.path = join(folder, `kernels-${identity.toString(16).padStart(8, '0')}.json`);
  }

  load(): Map<string, CachedChoice> {
    const file = this.read();
    if (!file || JSON.stringify(file.device) !== JSON.stringify(this.device)) return new Map();
    const choices = Object.entries(file.choices);
    return new Map(
      choices.flatMap(([problem, choice]) => (v.is(choiceSchema, choice) ? [[problem, choice] as const] : [])),
    );
  }

  private read(): v.InferOutput<typeof fileSchema> | null {
    try {
      return readJson(this.path, fileSchema);
    } catch (error) {
      if (error instanceof CyclopsError) return null;
      throw error;
    }
  }

  save(choices: ReadonlyMap<string, CachedChoice>): void {
    if (!this.writable) return;
    // Another process may have written since.
    const merged = Object.fromEntries([...this.load(), ...choices]);
    const text = JSON.stringify({ format: FORMAT, device: this.device, choices: merged }, null, 1);
    try {
      makeFolder(dirname(this.path));
      writeFileAtomic(this.path, `${text}\n`);
    } catch (error) {
      if (!(error instanceof CyclopsError)) throw error;
      this.writable = false;
      this.notice(`What was measured is not kept for next time: ${error.message}`);
    }
  }
}
