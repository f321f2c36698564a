const notFound = () => new DOMException('not there', 'NotFoundError')

/** The origin private file system in memory, as a worker has it. `quotaBytes` may be lowered at any time. */
export class FakeOpfs {
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>()
  quotaBytes = Infinity
  #hasFolder = false
  readonly #open = new Set<string>()

  readonly root = (): Promise<FileSystemDirectoryHandle> =>
    Promise.resolve({
      getDirectoryHandle: (_name: string, { create = false } = {}) => {
        this.#hasFolder ||= create
        return this.#hasFolder ? Promise.resolve(this.#folder) : Promise.reject(notFound())
      },
    } as unknown as FileSystemDirectoryHandle)

  readonly #folder = {
    getFileHandle: (name: string, { create = false } = {}) => {
      if (create && !this.files.has(name)) this.files.set(name, new Uint8Array())
      if (!this.files.has(name)) return Promise.reject(notFound())
      return Promise.resolve({
        getFile: () => Promise.resolve(new File([this.files.get(name) ?? new Uint8Array()], name)),
        createSyncAccessHandle: () => this.#write(name),
      })
    },
    removeEntry: (name: string) => (this.files.delete(name) ? Promise.resolve() : Promise.reject(notFound())),
  }

  #write(name: string): Promise<FileSystemSyncAccessHandle> {
    if (this.#open.has(name)) return Promise.reject(new DOMException('locked', 'NoModificationAllowedError'))
    this.#open.add(name)
    const bytes = () => this.files.get(name) ?? new Uint8Array()
    const resize = (size: number) => {
      const resized = new Uint8Array(size)
      resized.set(bytes().subarray(0, size))
      this.files.set(name, resized)
    }
    return Promise.resolve({
      getSize: () => bytes().length,
      truncate: resize,
      flush: () => {},
      close: () => this.#open.delete(name),
      read: (into: Uint8Array, { at = 0 } = {}) => {
        const part = bytes().subarray(at, at + into.length)
        into.set(part)
        return part.length
      },
      write: (part: Uint8Array, { at = 0 } = {}) => {
        if (at + part.length > this.quotaBytes) throw new DOMException('full', 'QuotaExceededError')
        if (at + part.length > bytes().length) resize(at + part.length)
        bytes().set(part, at)
        return part.length
      },
    } as unknown as FileSystemSyncAccessHandle)
  }
}
