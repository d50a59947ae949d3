/** What the options of everything that judges images may be. The message of each says what is expected, for the end of a sentence. */
import * as v from 'valibot';
import { SIDE_MULTIPLE } from '../../cyclegan/networks.ts';
import { finite } from '../../data/files/schema.ts';
import { Device } from '../../gpu/device.ts';
import { SMALLEST_TILE } from './tiling.ts';

const tileSide = `a multiple of ${SIDE_MULTIPLE} from ${SMALLEST_TILE} on`;

export const tileOption = v.optional(
  v.pipe(
    v.number(tileSide),
    v.integer(tileSide),
    v.multipleOf(SIDE_MULTIPLE, tileSide),
    v.minValue(SMALLEST_TILE, tileSide),
  ),
);
export const openDevice = v.optional(v.custom<Device>((given) => given instanceof Device, 'an open device'));
export const scoreName = v.optional(v.string('the name of a score'));
export const thresholdOption = v.optional(finite());
