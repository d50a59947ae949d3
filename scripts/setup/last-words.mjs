// Why a program failed.

/**
 * @param {import('node:child_process').SpawnSyncReturns<string>} result of a program that failed
 * @param {number} lines how many of its output are shown
 * @returns {string} why it could not be started, else the end of what it said
 */
export function lastWords({ error, stdout, stderr }, lines) {
  return error?.message ?? `${stdout}${stderr}`.trimEnd().split('\n').slice(-lines).join('\n');
}
