// Imported before a program: the process kills itself at the N-th operation that changes a file below a folder, before it is done.
// CYCLOPS_KILL_BELOW names the folder, CYCLOPS_KILL_AT the number; without a number, how many there were goes to CYCLOPS_KILL_COUNT.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { resolve, sep } from 'node:path';

const below = resolve(process.env.CYCLOPS_KILL_BELOW ?? '.') + sep;
const at = Number(process.env.CYCLOPS_KILL_AT ?? 0);
const { writeFileSync } = fs;
/** @type {Set<number>} */
const descriptors = new Set();
let count = 0;

/** @param {unknown} place a path or a descriptor */
const isOurs = (place) =>
  typeof place === 'number' ? descriptors.has(place) : typeof place === 'string' && resolve(place).startsWith(below);

const step = () => {
  count += 1;
  if (count === at) process.kill(process.pid, 'SIGKILL');
};

for (const name of /** @type {const} */ ([
  ...['writeSync', 'writeFileSync', 'appendFileSync', 'renameSync', 'rmSync', 'unlinkSync', 'linkSync', 'mkdirSync'],
  ...['rmdirSync', 'fsyncSync', 'ftruncateSync', 'truncateSync', 'copyFileSync', 'cpSync', 'symlinkSync', 'chmodSync'],
])) {
  const original = /** @type {(...args: unknown[]) => unknown} */ (Reflect.get(fs, name));
  Reflect.set(fs, name, (/** @type {unknown[]} */ ...args) => {
    if (isOurs(args[0]) || isOurs(args[1])) step();
    return original(...args);
  });
}
const { openSync, closeSync } = fs;
fs.openSync = (path, flags, mode) => {
  const isWriting = flags !== undefined && flags !== 'r' && flags !== fs.constants.O_RDONLY;
  if (isWriting && isOurs(path)) step();
  const descriptor = openSync(path, flags, mode);
  if (isOurs(path)) descriptors.add(descriptor);
  return descriptor;
};
fs.closeSync = (descriptor) => {
  descriptors.delete(descriptor);
  closeSync(descriptor);
};
for (const name of /** @type {const} */ (['open', 'rename', 'rm', 'writeFile', 'mkdir', 'unlink'])) {
  const original = /** @type {(...args: unknown[]) => Promise<unknown>} */ (Reflect.get(fs.promises, name));
  Reflect.set(fs.promises, name, (/** @type {unknown[]} */ ...args) => {
    if (isOurs(args[0]) && !(name === 'open' && (args[1] === undefined || args[1] === 'r'))) step();
    return original(...args);
  });
}
syncBuiltinESMExports();
const report = process.env.CYCLOPS_KILL_COUNT;
if (report) process.on('exit', () => writeFileSync(report, `${count}`));
