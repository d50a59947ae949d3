import {
  type Capability,
  type CyclopsError,
  DeviceLostError,
  NoAdapterError,
  OutOfMemoryError,
  UnsupportedError,
} from '../gpu/errors.ts';

const INSTEAD: Readonly<Record<Capability, string>> = {
  'shader-f16': 'Use --precision f32, or choose another device with --device (see `cyclops doctor`).',
  'timestamp-query': 'Choose another device with --device (see `cyclops doctor`).',
  execution: 'Choose a real device with --device (see `cyclops doctor`).',
};

/** What a person at the command line can do about what the engine says of the machine; null for errors that say it themselves. */
export function adviceOn(error: CyclopsError): string | null {
  if (error instanceof NoAdapterError) {
    return error.answered.length > 0
      ? 'Choose one with --device, or leave the option out.'
      : 'Then run `cyclops doctor`.';
  }
  if (error instanceof UnsupportedError) return INSTEAD[error.lacks];
  if (error instanceof OutOfMemoryError) {
    return 'To train, lower --batch-size, --crop-size, --ngf or --ndf, or use --precision mixed; to score or translate, lower --tile.';
  }
  if (error instanceof DeviceLostError) {
    return 'Work since the last checkpoint is gone: start a training again with --resume, anything else as before.';
  }
  return null;
}
