import type * as v from 'valibot';
import { list, object, text, whole } from '../data/files/schema.ts';

/** What a piece says of its rows. */
export const scoredPieceSchema = object({
  /** The first line of the table. */
  header: text,
  flagged: whole(),
  /** What kept files from being read. */
  unreadable: list(text),
  total: whole(),
  device: text,
});

export type ScoredPiece = v.InferOutput<typeof scoredPieceSchema>;
