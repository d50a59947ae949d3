// Where Cyclops keeps which kernels are fastest, while a benchmark runs and after it.
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Lets the programs that are started from now on keep their choices in `temporary`, beside whatever else caches there,
 * and begin with those that `out` has of an earlier run.
 *
 * @param {string} temporary @param {string} out
 * @returns {() => void} copies the choices to `out`
 */
export function keepChoices(temporary, out) {
  const cache = join(temporary, 'cache');
  const folder = join(cache, 'cyclops');
  mkdirSync(folder, { recursive: true });
  process.env.XDG_CACHE_HOME = cache;
  copyChoices(out, folder);
  return () => copyChoices(folder, out);
}

/** @param {string} from @param {string} to */
function copyChoices(from, to) {
  if (!existsSync(from)) return;
  for (const name of readdirSync(from)) {
    if (/^kernels-\w+\.json$/.test(name)) copyFileSync(join(from, name), join(to, name));
  }
}
