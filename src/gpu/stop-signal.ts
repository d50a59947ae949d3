/** What says that work should end before its time. A global `AbortSignal` is one. */
export interface StopSignal {
  readonly aborted: boolean;
}
