import * as v from 'valibot';
import { list, object, text, whole } from '../data/files/schema.ts';

/** What a piece says of its rows. */
export const scoredPieceSchema = v.pipe(
  object({
    /** The first line of the table. */
    header: text,
    flagged: whole(),
    /** What kept files from being read. */
    unreadable: list(text),
    total: whole(),
    device: text,
  }),
  v.check(
    ({ flagged, unreadable, total }) => flagged + unreadable.length <= total,
    'no more flagged and unreadable files than there are',
  ),
);

export type ScoredPiece = v.InferOutput<typeof scoredPieceSchema>;
