import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { VERSION, versions } from '../../src/workflow/versions.ts';

test('the versions in the source are those of package.json', () => {
  const { version, dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(VERSION).toBe(version);
  expect(versions()).toEqual({ cyclops: version, node: process.versions.node, webgpu: dependencies.webgpu });
});
