import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HostedFile {
  bytes: Uint8Array
  etag?: string
  /** SHA-256 that the host states, as huggingface.co does. */
  stated?: string
}

/** A host of model files, of another origin than the page: knows ranges, and misbehaves as told. */
export class GgufHost {
  readonly files = new Map<string, HostedFile>()
  /** What was asked for, in order: `name` or `name bytes=100-`. */
  readonly asked: string[] = []
  status: 200 | 401 | 404 | 503 = 200
  /** Replies end after this many bytes: by waiting for ever, or by breaking the connection. */
  stall: { after: number; how: 'hang' | 'break' } | null = null
  ignoresRanges = false
  readonly #server = createServer((request, response) => this.#answer(request, response))

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.setHeader('Access-Control-Expose-Headers', 'ETag, Content-Range, X-Linked-ETag')
    response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin')
    const name = request.url?.slice(1) ?? ''
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')
    this.asked.push(range ? `${name} ${range[0]}` : name)
    const file = this.files.get(name)
    if (this.status !== 200 || !file) {
      response.writeHead(this.status === 200 ? 404 : this.status).end()
      return
    }
    if (file.etag) response.setHeader('ETag', file.etag)
    if (file.stated) response.setHeader('X-Linked-ETag', `"${file.stated}"`)
    const total = file.bytes.length
    const from = range && !this.ignoresRanges ? Number(range[1]) : 0
    if (from >= total && from > 0) {
      response.writeHead(416, { 'Content-Range': `bytes */${total}` }).end()
      return
    }
    const part = range && !this.ignoresRanges
    response.writeHead(part ? 206 : 200, {
      'Content-Length': total - from,
      ...(part && { 'Content-Range': `bytes ${from}-${total - 1}/${total}` }),
    })
    if (!this.stall) {
      response.end(file.bytes.subarray(from))
      return
    }
    const { after, how } = this.stall
    response.write(file.bytes.subarray(from, from + after), () => {
      if (how === 'break') response.destroy()
    })
  }
}
