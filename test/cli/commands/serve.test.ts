import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeBytes } from '../../../src/data/images/decode-bytes.ts';
import { encodeJpeg } from '../../../src/data/images/jpeg.ts';
import { encodePng } from '../../../src/data/images/png.ts';
import { randomNumbers } from '../../data/support.ts';
import {
  cyclops,
  makeData,
  type Outcome,
  ofOtherDecoder,
  type Running,
  SMALL,
  start,
  temporaryFolder,
  until,
} from '../support.ts';

const folder = temporaryFolder();
const data = folder.path('data');
const model = folder.path('run', 'model.safetensors');
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

beforeAll(async () => {
  makeData(data, { normal: 8, abnormal: 6 });
  const { code } = await cyclops('train', data, '--out', folder.path('run'), ...SMALL, '--steps', '3', '--quiet');
  expect(code).toBe(0);
});
afterAll(() => folder.remove());

interface Served extends Running {
  url: string;
}

function serve(...options: string[]): Promise<Served> {
  return serveModel(model, ...options);
}

async function serveModel(served: string, ...options: string[]): Promise<Served> {
  const running = start(['serve', served, '--port', '0', ...options]);
  let said = '';
  running.child.stdout?.on('data', (text) => {
    said += text;
  });
  await until(() => said.includes('\n') || running.child.exitCode !== null);
  return { ...running, url: said.trim() };
}

function stop({ child, outcome }: Served): Promise<Outcome> {
  child.kill('SIGTERM');
  return outcome;
}

const bytes = (label: string, i: number) => readFileSync(join(data, label, `${i}.png`));
const post = (url: string, body: Uint8Array | string) => fetch(url, { method: 'POST', body: body as BodyInit });

/** The status that is answered over an agent's connection; 0 where it is closed. */
function askBy(agent: Agent, url: string, body: Uint8Array): Promise<number> {
  return new Promise((resolve) => {
    const asked = request(url, { method: 'POST', agent }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
      answer.on('error', () => resolve(0));
    });
    asked.on('error', () => void sleep(20).then(() => resolve(0)));
    asked.end(body);
  });
}

/** A photograph of noise, which no compression makes small. */
function noise(side: number): Uint8Array {
  const random = randomNumbers(7);
  return encodePng(
    side,
    side,
    3,
    Uint8Array.from({ length: 3 * side * side }, () => 256 * random()),
  );
}

describe('serve', () => {
  it('sends what it has begun to answer to its end before it ends', async () => {
    const served = await serve();
    const socket = connect(Number(new URL(served.url).port), '127.0.0.1');
    const image = noise(1400);
    let came = 0;
    socket.once('data', () => {
      // More than the system holds for a connection waits to be read now.
      socket.pause();
      served.child.kill('SIGTERM');
      setTimeout(() => socket.resume(), 1500);
    });
    socket.on('data', (part) => {
      came += part.length;
    });
    const head = ['POST /heatmap HTTP/1.1', 'Host: here', `Content-Length: ${image.length}`];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    socket.write(image);
    await new Promise((resolve) => socket.on('close', resolve));
    expect(came).toBeGreaterThan(5e6);
    expect((await served.outcome).code).toBe(0);
  });

  it('answers with what score says, shows heat maps, and counts', async () => {
    const served = await serve();
    const { url } = served;
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const scored = await cyclops('score', model, join(data, 'abnormal'), '--json', '--no-tune');
    const expected = scored.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    let flagged = 0;
    // All at once, so that they are judged together.
    const answers = await Promise.all(expected.map((_, i) => post(`${url}/score?scores=all`, bytes('abnormal', i))));
    for (const [i, { score, status, scores }] of expected.entries()) {
      expect(answers[i]?.status).toBe(200);
      const told = await answers[i]?.json();
      expect(told).toMatchObject({ score, flagged: status === 'flagged', scores });
      flagged += told.flagged ? 1 : 0;
    }
    const wrong = await post(`${url}/score?scores=some`, bytes('normal', 0));
    expect([wrong.status, (await wrong.json()).error]).toEqual([400, expect.stringMatching(/may be `all`/)]);
    const plain = await (await post(`${url}/score`, bytes('normal', 0))).json();
    expect(Object.keys(plain)).toEqual(['flagged', 'score', 'threshold', 'by']);
    flagged += plain.flagged ? 1 : 0;
    const heat = await post(`${url}/heatmap`, bytes('normal', 0));
    expect(heat.headers.get('content-type')).toBe('image/png');
    expect(Number(heat.headers.get('x-score'))).not.toBeNaN();
    flagged += heat.headers.get('x-flagged') === 'true' ? 1 : 0;
    const drawn = new Uint8Array(await heat.arrayBuffer());
    const written = ['score', model, join(data, 'normal', '0.png'), '--heatmaps', folder.path('heat'), '--no-tune'];
    expect((await cyclops(...written)).code).toBe(0);
    const [path = ''] = readdirSync(folder.path('heat'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.png'),
    );
    expect(drawn).toEqual(new Uint8Array(readFileSync(folder.path('heat', path))));
    const picture = await decodeBytes(drawn, 'the heat map');
    expect([picture.width, picture.height, picture.channels]).toEqual([32, 32, 3]);

    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ ok: true });
    const broken = await post(`${url}/score`, 'no image');
    expect([broken.status, (await broken.json()).error]).toEqual([400, expect.stringMatching(/is not an image/)]);
    const empty = await post(`${url}/score`, '');
    expect([empty.status, (await empty.json()).error]).toEqual([400, expect.stringMatching(/has no body/)]);
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain(`cyclops_images_total{outcome="flagged"} ${flagged}`);
    expect(metrics).toContain(`cyclops_images_total{outcome="passed"} ${expected.length + 2 - flagged}`);
    expect(metrics).toContain('cyclops_images_total{outcome="unreadable"} 2');
    expect(metrics).toContain('cyclops_images_total{outcome="refused"} 1');
    expect(metrics).toContain(`cyclops_seconds_count ${expected.length + 2}`);
    expect(metrics).toMatch(/cyclops_waiting 0/);
    const { code, stderr } = await stop(served);
    expect(code).toBe(0);
    expect(stderr).toMatch(/Flags from .* on\. Ctrl-C or SIGTERM ends it/);
  });

  it('refuses more images than it has room for, and bodies that are too large', async () => {
    const served = await serve('--queue', '2', '--max-bytes', '20000');
    const answers = await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        const answer = await post(`${served.url}/score`, bytes('normal', i % 8));
        return { status: answer.status, retry: answer.headers.get('retry-after'), told: await answer.json() };
      }),
    );
    const [judged, refused] = [200, 429].map((status) => answers.filter((answer) => answer.status === status));
    expect(judged!.length).toBeGreaterThanOrEqual(2);
    expect(refused!.length).toBeGreaterThan(0);
    expect(judged!.length + refused!.length).toBe(30);
    expect(refused!.every(({ told }) => /2 images are waiting already/.test(told.error))).toBe(true);
    const large = await post(`${served.url}/score`, new Uint8Array(20001));
    expect([large.status, (await large.json()).error]).toEqual([413, expect.stringMatching(/20000 bytes at most/)]);
    expect((await post(`${served.url}/score`, bytes('normal', 0))).status).toBe(200);
    expect((await stop(served)).code).toBe(0);
  });

  it('answers what is in hand when it is told to end, and takes nothing more', async () => {
    const served = await serve();
    const underway = Array.from({ length: 12 }, (_, i) => post(`${served.url}/score`, bytes('normal', i % 8)));
    // Told to end when all of them have come in, as far as they are not answered yet.
    let come = 0;
    while (come < underway.length) {
      const metrics = await (await fetch(`${served.url}/metrics`)).text();
      const counts = metrics.matchAll(/^cyclops_(?:waiting|images_total\{.*\}) (\d+)$/gm);
      come = [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
    }
    const ended = stop(served);
    const statuses = await Promise.all(underway.map(async (answer) => (await answer).status));
    expect(statuses).toEqual(Array(12).fill(200));
    expect((await ended).code).toBe(0);
    await expect(post(`${served.url}/score`, bytes('normal', 0))).rejects.toThrow();
  });

  it('ends though a client goes on asking over the same connection, and one does not send what it announced', async () => {
    const served = await serve();
    const { hostname, port } = new URL(served.url);
    const stalled = connect(Number(port), hostname);
    stalled.on('error', () => {});
    stalled.write('POST /score HTTP/1.1\r\nHost: here\r\nContent-Length: 5000\r\n\r\nabc');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const statuses: number[] = [];
    let isOver = false;
    const asking = (async () => {
      while (!isOver) statuses.push(await askBy(agent, `${served.url}/score`, bytes('normal', 0)));
    })();
    while (statuses.length < 3) await sleep(20);
    const { code } = await stop(served);
    isOver = true;
    await asking;
    stalled.destroy();
    agent.destroy();
    expect(code).toBe(0);
    expect(new Set(statuses.filter((status) => status !== 0))).toEqual(
      new Set(statuses.includes(503) ? [200, 503] : [200]),
    );
  });

  it('counts what is still coming in', async () => {
    const served = await serve('--queue', '2');
    const { hostname, port } = new URL(served.url);
    const coming = Array.from({ length: 2 }, () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      socket.write('POST /score HTTP/1.1\r\nHost: here\r\nContent-Length: 5000\r\n\r\nabc');
      return socket;
    });
    let waiting = '';
    while (!waiting.includes('cyclops_waiting 2')) waiting = await (await fetch(`${served.url}/metrics`)).text();
    expect((await post(`${served.url}/score`, bytes('normal', 0))).status).toBe(429);
    for (const socket of coming) socket.destroy();
    while (!waiting.includes('cyclops_waiting 0')) waiting = await (await fetch(`${served.url}/metrics`)).text();
    expect((await post(`${served.url}/score`, bytes('normal', 0))).status).toBe(200);
    expect((await stop(served)).code).toBe(0);
  });

  it('says once, at the first JPEG file, that its model learned from others', async () => {
    const served = await serveModel(ofOtherDecoder(model, folder.path('older.safetensors')));
    const jpeg = await encodeJpeg({ width: 32, height: 32, channels: 1, pixels: new Uint8Array(1024).fill(9) }, 90);
    for (const body of [bytes('normal', 0), jpeg, jpeg])
      expect((await post(`${served.url}/score`, body)).status).toBe(200);
    const { stderr } = await stop(served);
    expect(stderr.match(/JPEG files were read by another decoder/g)).toHaveLength(1);
  });

  it('says where it cannot listen, and which numbers cannot be', async () => {
    const served = await serve();
    const { port } = new URL(served.url);
    const taken = await cyclops('serve', model, '--port', port);
    expect([taken.code, taken.stderr]).toEqual([
      1,
      expect.stringMatching(/Cannot listen on 127\.0\.0\.1, port \d+ .*in use/),
    ]);
    await stop(served);
    const odd = await cyclops('serve', model, '--queue', '0');
    expect([odd.code, odd.stderr]).toEqual([2, expect.stringMatching(/--queue is 0; expected a whole number from 1/)]);
  });
});
