// A page of a list, with the cursor of the next one.
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Opaque to callers; null: this is the last page. */
  readonly nextCursor: string | null;
}
