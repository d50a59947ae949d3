import { once } from 'node:events';
import { type AddressInfo, connect, Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GivenUpError, type LastingDetector } from '../../../src/cli/serve/lasting-detector.ts';
import { type DetectorServer, detectorServer } from '../../../src/cli/serve/server.ts';
import { CyclopsError, DeviceLostError } from '../../../src/gpu/errors.ts';
import { randomNumbers } from '../../data/support.ts';

const MAX_BYTES = 100_000;
const HEAD = 'POST /score HTTP/1.1\r\nHost: here\r\n';

const SET_TIMEOUT = Socket.prototype.setTimeout;

let served: DetectorServer;
let port: number;
let judged: () => unknown;
let logged: unknown[];

/** The answers to what needs no device: what is judged is up to the test. */
beforeEach(async () => {
  const judgement = { flagged: false, score: 1, threshold: 2, scores: {}, heatMap: null, original: null };
  judged = () => judgement;
  logged = [];
  const detector = { by: 'sse', isBroken: false, score: async () => judged() } as unknown as LastingDetector;
  served = detectorServer(detector, {
    queue: 1,
    maxBytes: MAX_BYTES,
    onBytes: () => {},
    onError: (error) => logged.push(error),
  });
  await once(served.server.listen(0, '127.0.0.1'), 'listening');
  const address = served.server.address();
  port = typeof address === 'object' && address ? address.port : 0;
});

afterEach(() => {
  vi.useRealTimers();
  served.server.closeAllConnections();
  served.server.close();
});

/** A connection on which this was sent. */
function sent(text: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1').write(text);
  return socket;
}

/** All that comes on a connection, once an answer is whole. */
async function answerOn(socket: Socket): Promise<string> {
  let said = '';
  for await (const text of socket) {
    said += text;
    if (/\r\n\r\n\{.*\}$/.test(said)) break;
  }
  return said;
}

const ask = (way: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${port}${way}`, { method: 'POST', body, headers });

const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
const counted = async () =>
  Object.fromEntries(
    [...(await metrics()).matchAll(/outcome="(\w+)"\} (\d+)/g)].map(([, name, n]) => [name, Number(n)]),
  );

it('refuses a body that is announced as too large from its head, also before it is sent, and gives it no place', async () => {
  // The only place is taken.
  const other = sent(`${HEAD}Content-Length: 5000\r\n\r\nabc`);
  while (!(await metrics()).includes('cyclops_waiting 1'));
  for (const more of ['', 'Expect: 100-continue\r\n']) {
    const answer = await answerOn(sent(`${HEAD}${more}Content-Length: ${MAX_BYTES + 1}\r\n\r\n`));
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/^Connection: close\r$/m);
    expect(answer).toContain(`${MAX_BYTES} bytes at most`);
  }
  expect(await metrics()).toContain('cyclops_waiting 1');
  other.destroy();
});

it('refuses a body of unknown length as soon as it is too large', async () => {
  const chunk = 'x'.repeat(MAX_BYTES + 1);
  const socket = sent(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 413 /);
  expect(await metrics()).toContain('cyclops_waiting 0');
});

it('tells a client that asks first to send, where there is a place', async () => {
  const socket = sent(`${HEAD}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`);
  const [first] = await once(socket, 'data');
  expect(first).toMatch(/^HTTP\/1\.1 100 Continue/);
  socket.write('abc');
  expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 200 .*"flagged":false/s);
});

it('puts out a body that does not go on for 30 s', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const socket = sent(`${HEAD}Content-Length: 5000\r\n\r\nabc`);
  while (!(await metrics()).includes('cyclops_waiting 1'));
  vi.advanceTimersByTime(29_000);
  expect(await metrics()).toContain('cyclops_waiting 1');
  vi.advanceTimersByTime(1001);
  expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 408 .*^Connection: close\r$/ms);
  expect(await metrics()).toContain('cyclops_waiting 0');
  vi.useRealTimers();
  expect((await ask('/score', 'abc')).status).toBe(200);
});

it('refuses parameters that it does not know', async () => {
  for (const [way, known] of [
    ['/heatmap?map=dn', 'none is known'],
    ['/score?scores=all&map=dn', 'expected only scores'],
  ] as const) {
    // Before the body: this one never comes.
    const early = await answerOn(sent(`${HEAD.replace('/score', way)}Content-Length: 1000\r\n\r\n`));
    expect(early).toMatch(/^HTTP\/1\.1 400 /);
    const answer = await ask(way, 'x');
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { error: expect.stringMatching(`no parameter "map"; ${known}`) },
    ]);
  }
});

it.each([
  ['an address that is none', 'POST http:// HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['another', 'GET http://[::bad/score HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['no Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
  ['an unknown method', 'DANCE /score HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['two lengths', `${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400],
  ['a bad chunk', `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
  ['a long head', `${HEAD}X: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
  ['an unknown expectation', `${HEAD}Expect: miracles\r\nContent-Length: 1\r\n\r\na`, 417],
])('says in JSON what is wrong with a request that Node refuses: %s', async (_, text, status) => {
  const answer = await answerOn(sent(text));
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toEqual({ error: expect.stringMatching(/\.$/) });
});

it('counts every request by what became of it, once', async () => {
  const outcome = async (way: string, answer: () => unknown, headers?: Record<string, string>) => {
    judged = answer;
    const before = await counted();
    const { status } = await ask(way, 'abc', headers);
    const after = await counted();
    return [status, ...Object.keys(after).filter((name) => after[name] !== before[name])];
  };
  const passed = judged;
  const fail = (error: Error) => () => {
    throw error;
  };
  expect(await outcome('/score', passed)).toEqual([200, 'passed']);
  expect(await outcome('/score?scores=some', passed)).toEqual([400, 'refused']);
  expect(await outcome('/heatmap', passed)).toEqual([409, 'refused']);
  expect(await outcome('/score', passed, { 'Content-Encoding': 'odd' })).toEqual([415, 'refused']);
  expect(await outcome('/score', passed, { 'Content-Type': 'multipart/form-data; boundary=b' })).toEqual([
    415,
    'refused',
  ]);
  expect(await outcome('/score', fail(new CyclopsError('it is not an image')))).toEqual([400, 'unreadable']);
  expect(await outcome('/score', fail(new TypeError('x')))).toEqual([500, 'failed']);
  expect(await outcome('/score', fail(new DeviceLostError('lost')))).toEqual([503, 'failed']);
  expect(await outcome('/score', fail(new GivenUpError('given up')))).toEqual([503, 'failed']);
});

it('logs what is no fault of a request, but no lost device, which the detector tells of once', async () => {
  const answers = [];
  const errors = [
    new CyclopsError('no image'),
    new TypeError('x'),
    new GivenUpError('given up'),
    new DeviceLostError('lost'),
  ];
  for (const error of errors) {
    judged = () => {
      throw error;
    };
    answers.push(await ask('/score', 'abc'));
  }
  expect(logged).toEqual(errors.slice(1, 3));
  expect(answers.map((one) => one.headers.get('Retry-After'))).toEqual([null, null, null, '5']);
});

it('cuts off who does not read a heat map, so that others have its place', async () => {
  // Noise, which no compression makes fit into what the system holds for a connection.
  const [width, height] = [2400, 2400];
  const random = randomNumbers(1);
  const noise = Uint8Array.from({ length: width * height * 3 }, () => 256 * random());
  judged = () => ({
    ...{ flagged: true, score: 1, threshold: 0, scores: {} },
    heatMap: {
      map: 'residual5',
      values: new Float32Array(16),
      width: 4,
      height: 4,
      judged: { width: 4, height: 4 },
      floor: 0,
      threshold: 1,
    },
    original: { width, height, channels: 3, pixels: noise },
  });
  const wait = vi.spyOn(Socket.prototype, 'setTimeout');
  wait.mockImplementation(function (this: Socket, ms: number, ...rest: []) {
    return SET_TIMEOUT.call(this, ms === 30_000 ? 300 : ms, ...rest);
  });
  const deaf = connect(port, '127.0.0.1');
  deaf.pause().write('POST /heatmap HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\nabc');
  while (!(await metrics()).includes('cyclops_waiting 1'));
  expect((await ask('/score', 'abc')).status).toBe(429);
  while (!(await metrics()).includes('cyclops_waiting 0'));
  judged = () => ({ flagged: false, score: 1, threshold: 2, scores: {}, heatMap: null, original: null });
  expect((await ask('/score', 'abc')).status).toBe(200);
  wait.mockRestore();
  deaf.destroy();
});

it('knows the length of a body behind thousands of headers', async () => {
  const headers = Array.from({ length: 2500 }, () => 'a:\r\n').join('');
  expect(await answerOn(sent(`${HEAD}${headers}Content-Length: 3\r\n\r\nabc`))).toMatch(/^HTTP\/1\.1 200 /);
});

it('gives the places of requests free whose connection breaks while they wait behind another', async () => {
  let judge = () => {};
  const waiting = new Promise<void>((resolve) => {
    judge = resolve;
  });
  const detector = {
    ...{ by: 'sse', isBroken: false },
    score: () => waiting.then(() => ({ flagged: false, score: 1, threshold: 2, scores: {} })),
  } as unknown as LastingDetector;
  const { server, end } = detectorServer(detector, {
    queue: 8,
    maxBytes: MAX_BYTES,
    onBytes: () => {},
    onError: () => {},
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const place = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  const counts = async () => (await fetch(place)).text();
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(`${HEAD}Content-Length: 3\r\n\r\nabc`.repeat(3));
  while (!(await counts()).includes('cyclops_waiting 3'));
  socket.destroy();
  while (!(await counts()).includes('cyclops_waiting 0'));
  judge();
  await end();
  server.closeAllConnections();
  server.close();
});
