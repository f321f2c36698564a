/** Remembers, over the end of a page that broke off, that it was bringing a large model into memory. */
export interface LoadMark {
  /** The model whose loading neither succeeded nor failed; null where there is none. */
  read(): string | null
  set(modelId: string): void
  clear(): void
}
