/** What the options of everything that judges images may be. The message of each says what is expected, for the end of a sentence. */
import * as v from 'valibot';
import { finite } from '../../data/files/schema.ts';
import { Device } from '../../gpu/device.ts';
import { isTileSide, TILE_SIDES } from '../maps/tiles.ts';

export const tileOption = v.optional(v.custom<number>(isTileSide, TILE_SIDES));
export const openDevice = v.optional(v.custom<Device>((given) => given instanceof Device, 'an open device'));
export const scoreName = v.optional(v.string('the name of a score'));
export const mapName = v.optional(v.string('the name of a map'));
export const thresholdOption = v.optional(finite());
