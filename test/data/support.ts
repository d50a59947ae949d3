import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, type TestContext } from 'vitest';
import { encodePng } from '../../src/data/images/png.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';

/** A fresh folder for each test of the file, removed after it; returns a function that gives paths in it. */
export function useTemporaryFolder(): (...parts: string[]) => string {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cyclops-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  return (...parts) => join(folder, ...parts);
}

/** Writes a file and the folders above it. */
export function put(path: string, content: string | Uint8Array = encodePng(1, 1, 1, Uint8Array.of(7))): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** Expects a CyclopsError of one paragraph that holds each of the texts, and nothing of a stack. */
export function expectRefusal(action: () => unknown, ...texts: string[]): void {
  let thrown: unknown;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  expectError(thrown, texts);
}

/** The same of what is promised. */
export async function expectRejection(action: () => Promise<unknown>, ...texts: string[]): Promise<void> {
  let thrown: unknown;
  try {
    await action();
  } catch (error) {
    thrown = error;
  }
  expectError(thrown, texts);
}

function expectError(thrown: unknown, texts: readonly string[]): void {
  expect(thrown).toBeInstanceOf(CyclopsError);
  if (!(thrown instanceof CyclopsError)) return;
  for (const text of texts) expect(thrown.message).toContain(text);
  expect(thrown.message).not.toContain('\n');
}

/** Runs an action with the rights of an ordinary user, since nothing is forbidden to root. */
export async function withoutRoot(action: () => unknown): Promise<void> {
  const user = process.geteuid?.();
  if (user === 0) process.seteuid?.(65534);
  try {
    await action();
  } finally {
    if (user === 0) process.seteuid?.(0);
  }
}

/** Runs an action on damaged input: it may succeed or throw a CyclopsError, and nothing else. Tells whether it did. */
export function survives(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (!(error instanceof CyclopsError)) throw error;
    return false;
  }
}

/** The same of what is promised. */
export async function isRead(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    if (!(error instanceof CyclopsError)) throw error;
    return false;
  }
}

/** Small repeatable numbers in [0, 1) for damage (a linear congruential generator, Numerical Recipes). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Runs an action on a disk that is soon full, a tmpfs in a new folder; skips the test where this process may not mount one.
 *
 * @param size as mount takes it
 */
export async function onSmallDisk(
  context: TestContext,
  folder: string,
  action: (folder: string) => void | Promise<void>,
  size = '64k',
): Promise<void> {
  mkdirSync(folder);
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
  if (mount.status !== 0) context.skip('mounting a small tmpfs needs root on Linux');
  try {
    await action(folder);
  } finally {
    spawnSync('umount', [folder]);
  }
}
