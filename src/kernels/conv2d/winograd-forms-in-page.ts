/** What stands for the forms of Winograd's transform in a bundle for pages: none. */
import type { Winograd } from './winograd-forms.ts';

export const winograds: readonly Winograd[] = [];
