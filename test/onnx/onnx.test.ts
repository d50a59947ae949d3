/**
 * The tests of operators that ONNX keeps for its backends, as far as the engine has words for them. Debian's package libonnx-testdata has the
 * files (`apt-get install libonnx-testdata`); CYCLOPS_ONNX names a folder elsewhere that has `node` in it. Without them nothing is tested here.
 *
 * A file is skipped where the engine cannot say what it asks, with the reason. With onnx 1.12, 195 files agree and 48 are skipped; the last
 * test prints how many of which operator, and why.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { worst } from '../oracles/compare.ts';
import { CARRIERS, CannotSay, OPERATORS } from './operators.ts';
import { type Model, readModel, readTensor, type Values } from './protobuf.ts';

const FOLDER = process.env.CYCLOPS_ONNX ?? '/usr/share/libonnx-testdata/data';
const there = existsSync(join(FOLDER, 'node'));

interface Case {
  name: string;
  path: string;
  model: Model;
}

/** Files with an operator that the engine has. */
function cases(): Case[] {
  const groups = ['node', 'pytorch-converted', 'pytorch-operator'].filter((group) => existsSync(join(FOLDER, group)));
  return groups
    .flatMap((group) =>
      readdirSync(join(FOLDER, group)).map((name) => ({ name: `${group}/${name}`, path: join(FOLDER, group, name) })),
    )
    .filter(({ path }) => existsSync(join(path, 'model.onnx')))
    .map((one) => ({ ...one, model: readModel(readFileSync(join(one.path, 'model.onnx'))) }))
    .filter(({ model }) => model.nodes.some(({ operator }) => !CARRIERS.has(operator) && operator in OPERATORS))
    .filter(({ name }) => !name.endsWith('_expanded'));
}

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

/** What the engine makes of the inputs. */
async function run({ nodes, inputs, outputs, constants, opset }: Model, given: readonly Values[]): Promise<Values[]> {
  const values = new Map<string, Values>(constants);
  inputs.forEach((name, i) => {
    const value = given[i];
    if (value) values.set(name, value);
  });
  for (const node of nodes) {
    const operator = OPERATORS[node.operator];
    if (!operator) throw new CannotSay(`the operator ${node.operator}`);
    const made = await operator({ device, node, opset, inputs: node.inputs.map((name) => values.get(name)) });
    node.outputs.forEach((name, i) => {
      const value = made[i];
      if (value) values.set(name, value);
    });
  }
  return outputs.map((name) => values.get(name)!);
}

function tensorsOf(path: string, kind: 'input' | 'output'): Values[] {
  const set = join(path, 'test_data_set_0');
  const files = readdirSync(set).filter((file) => file.startsWith(kind));
  return files.map((_, i) => readTensor(readFileSync(join(set, `${kind}_${i}.pb`))));
}

const plain = (shape: readonly number[]) => (shape.length === 0 ? [1] : [...shape]);

if (!there) {
  test.skip(`ONNX's operator tests are absent: no folder ${join(FOLDER, 'node')}; Debian has them as libonnx-testdata`, () => {});
} else {
  const agreed = new Map<string, number>();
  const unsaid = new Map<string, number>();
  const count = (of: Map<string, number>, key: string) => of.set(key, (of.get(key) ?? 0) + 1);

  describe("ONNX's operator tests", () => {
    test.for(cases())('$name', async ({ path, model }, { skip }) => {
      const main =
        model.nodes.map(({ operator }) => operator).find((name) => !CARRIERS.has(name) && name in OPERATORS) ?? '';
      let made: Values[];
      try {
        made = await run(model, tensorsOf(path, 'input'));
      } catch (error) {
        if (!(error instanceof CannotSay)) throw error;
        count(unsaid, `${main}: ${error.message}`);
        return skip(error.message);
      }
      for (const [i, expected] of tensorsOf(path, 'output').entries()) {
        expect(plain(made[i]!.shape)).toEqual(plain(expected.shape));
        expect(worst(made[i]!.data, expected.data)).toBeLessThanOrEqual(1e-5);
      }
      count(agreed, main);
    });

    test('most can be said, and what cannot is told', () => {
      const total = [...agreed.values()].reduce((sum, n) => sum + n, 0);
      const rest = [...unsaid.values()].reduce((sum, n) => sum + n, 0);
      const lines = (of: Map<string, number>) => [...of].sort().map(([key, n]) => `  ${n} ${key}`);
      console.log(
        [`ONNX's operator tests: ${total} agree`, ...lines(agreed), `${rest} cannot be said`, ...lines(unsaid)].join(
          '\n',
        ),
      );
      expect(total).toBeGreaterThan(rest);
    });
  });
}
