import type { RandomStream } from '../../tensor/random.ts';
import type { DecodedImage } from '../images/decoded-image.ts';
import { between, logBetween, toByte } from './defect-image.ts';

/** Values [side, side] with a mean of 0 and a deviation of 1, unless all are the same. */
type Surface = Float32Array;
type Kind = (side: number, random: RandomStream) => Surface;

/** Waves of which a grain is made. */
const WAVES = 64;

/**
 * A surface that no camera saw, gray, side × side: grain, weave, shapes and spots, one to three of them laid over each other, in an uneven
 * light. Damage on thousands of such grounds teaches a network what damage is, whatever it lies on.
 *
 * Source of the idea: Tobin et al., "Domain Randomization for Transferring Deep Neural Networks from Simulation to the Real World", IROS 2017.
 */
export function ground(side: number, random: RandomStream): DecodedImage {
  const layers = Array.from({ length: 1 + random.integer(3) }, () => ({
    weight: between(random, 0.2, 1),
    surface: drawn(random)(side, random),
  }));
  const light = between(random, 0, 2);
  const [right, down] = [between(random, -light, light), between(random, -light, light)];
  const sum = standardised(
    surfaceOf(side, (x, y, at) => {
      const uneven = (right * (x - side / 2) + down * (y - side / 2)) / side;
      return layers.reduce((total, { weight, surface }) => total + weight * (surface[at] ?? 0), uneven);
    }),
  );
  const contrast = 127.5 * logBetween(random, 0.04, 0.4);
  const mean = 127.5 * (1 + between(random, -0.6, 0.6));
  const noise = 127.5 * between(random, 0, 0.1);
  const pixels = Uint8Array.from(sum, (value) => toByte(mean + contrast * value + between(random, -noise, noise)));
  return { width: side, height: side, channels: 1, pixels };
}

/** Grain is what most surfaces have. */
const KINDS: readonly Kind[] = [grain, grain, weave, shapes, spots];

function drawn(random: RandomStream): Kind {
  return KINDS[random.integer(KINDS.length)] ?? grain;
}

/** Waves of all lengths, or of about one, in all directions or along one: rough, fine, brushed. */
function grain(side: number, random: RandomStream): Surface {
  const angle = between(random, 0, Math.PI);
  const stretch = random.uniform() < 0.6 ? Math.exp(between(random, 0, 2.3)) : 1;
  const banded = random.uniform() < 0.4;
  const centre = logBetween(random, 0.02, 0.3);
  const spread = between(random, 0.2, 0.8);
  const slope = between(random, 0.3, 2.2);
  const out = new Float32Array(side * side);
  for (let wave = 0; wave < WAVES; wave++) {
    const length = banded ? centre * Math.exp(spread * between(random, -1.7, 1.7)) : logBetween(random, 1 / side, 0.5);
    const direction = between(random, 0, 2 * Math.PI);
    // Along `angle` waves are as much longer as they are shorter across.
    const [along, across] = [(length * Math.cos(direction)) / stretch, length * Math.sin(direction) * stretch];
    const [fx, fy] = [
      along * Math.cos(angle) - across * Math.sin(angle),
      along * Math.sin(angle) + across * Math.cos(angle),
    ];
    const phase = between(random, 0, 2 * Math.PI);
    // Finer than two pixels would be another wave.
    if (Math.max(Math.abs(fx), Math.abs(fy)) > 0.5) continue;
    addWave(out, side, { fx, fy, phase, height: banded ? 1 : length ** (1 - slope) });
  }
  return standardised(out);
}

interface Wave {
  fx: number;
  fy: number;
  phase: number;
  height: number;
}

/** Adds height · cos(2π(fx x + fy y) + phase), by the addition theorem from one line and one column. */
function addWave(out: Surface, side: number, { fx, fy, phase, height }: Wave): void {
  const line = Array.from({ length: side }, (_, x) => 2 * Math.PI * fx * x + phase);
  const [cosines, sines] = [line.map(Math.cos), line.map(Math.sin)];
  for (let y = 0; y < side; y++) {
    const [c, s] = [height * Math.cos(2 * Math.PI * fy * y), height * Math.sin(2 * Math.PI * fy * y)];
    for (let x = 0; x < side; x++) {
      out[y * side + x] = (out[y * side + x] ?? 0) + c * (cosines[x] ?? 0) - s * (sines[x] ?? 0);
    }
  }
}

/** Threads one way, or two across each other, straight or wavy, soft or with edges. */
function weave(side: number, random: RandomStream): Surface {
  const angle = between(random, 0, Math.PI);
  const period = between(random, 3, 18);
  const periodAcross = period * Math.exp(between(random, -0.5, 0.5));
  const twoWays = random.uniform() < 0.6;
  const hardness = random.uniform() < 0.4 ? between(random, 1, 6) : 0;
  const [bent, bentAcross] = [bending(side, random), bending(side, random)];
  return standardised(
    surfaceOf(side, (x, y, at) => {
      const u = x * Math.cos(angle) + y * Math.sin(angle) + bent(at);
      const v = y * Math.cos(angle) - x * Math.sin(angle) + bentAcross(at);
      const thread = Math.sin((2 * Math.PI * u) / period) * (twoWays ? Math.sin((2 * Math.PI * v) / periodAcross) : 1);
      return hardness === 0 ? thread : Math.tanh(hardness * thread);
    }),
  );
}

/** By how many pixels threads are off their line. */
function bending(side: number, random: RandomStream): (at: number) => number {
  if (random.uniform() < 0.4) return () => 0;
  const surface = grain(side, random);
  const by = between(random, 0, 1.5);
  return (at) => by * (surface[at] ?? 0);
}

/** Rectangles and bars of one gray each, one over the other. */
function shapes(side: number, random: RandomStream): Surface {
  const out = new Float32Array(side * side);
  const count = 3 + random.integer(23);
  for (let n = 0; n < count; n++) {
    const gray = between(random, -1, 1);
    const inside = random.uniform() < 0.5 ? rectangle(side, random) : bar(side, random);
    for (let at = 0; at < out.length; at++) if (inside(at % side, Math.floor(at / side))) out[at] = gray;
  }
  return standardised(blurred(out, side));
}

function rectangle(side: number, random: RandomStream) {
  const most = Math.ceil(side / 3);
  const [wide, tall] = [2 + random.integer(most), 2 + random.integer(most)];
  const [left, top] = [random.integer(side + wide) - wide, random.integer(side + tall) - tall];
  return (x: number, y: number) => x >= left && x < left + wide && y >= top && y < top + tall;
}

function bar(side: number, random: RandomStream) {
  const angle = [0, Math.PI / 2, Math.PI / 4, between(random, 0, Math.PI)][random.integer(4)] ?? 0;
  const [throughX, throughY] = [between(random, 0, side), between(random, 0, side)];
  const half = between(random, 1, 8);
  return (x: number, y: number) => Math.abs((x - throughX) * Math.cos(angle) + (y - throughY) * Math.sin(angle)) < half;
}

/** Two grays, where a grain lies above or below a height. */
function spots(side: number, random: RandomStream): Surface {
  const surface = grain(side, random);
  const height = Float32Array.from(surface).sort()[Math.floor(between(random, 0.6, 0.95) * surface.length)] ?? 0;
  return standardised(
    blurred(
      surface.map((value) => (value > height ? 1 : 0)),
      side,
    ),
  );
}

function surfaceOf(side: number, value: (x: number, y: number, at: number) => number): Surface {
  const out = new Float32Array(side * side);
  for (let at = 0; at < out.length; at++) out[at] = value(at % side, Math.floor(at / side), at);
  return out;
}

/** The mean of each pixel and its eight neighbours, those of the border repeated. */
function blurred(surface: Surface, side: number): Surface {
  const last = side - 1;
  const mean = (at: (step: number) => number) => (at(-1) + at(0) + at(1)) / 3;
  const value = (x: number, y: number) =>
    surface[Math.min(last, Math.max(0, y)) * side + Math.min(last, Math.max(0, x))] ?? 0;
  return surfaceOf(side, (x, y) => mean((down) => mean((right) => value(x + right, y + down))));
}

function standardised(surface: Surface): Surface {
  const mean = surface.reduce((sum, value) => sum + value, 0) / surface.length;
  const variance = surface.reduce((sum, value) => sum + (value - mean) ** 2, 0) / surface.length;
  const scale = variance > 0 ? 1 / Math.sqrt(variance) : 1;
  return surface.map((value) => scale * (value - mean));
}
