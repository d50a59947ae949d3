import type * as v from 'valibot';
import { object, whole, yesOrNo } from '../../data/files/schema.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';

/** What an image is before networks see it. */
export interface ImageForm {
  /** In pixels. */
  width: number;
  height: number;
  /** Whether no pixel has a colour, in whatever channels it is stored. */
  gray: boolean;
}

/** @internal */
export const imageFormSchema = object({ width: whole(1), height: whole(1), gray: yesOrNo }) satisfies v.GenericSchema<
  unknown,
  ImageForm
>;

export function imageForm({ width, height, channels, pixels }: DecodedImage): ImageForm {
  return { width, height, gray: channels === 1 || pixels.every((value, i) => i % 3 === 0 || value === pixels[i - 1]) };
}
