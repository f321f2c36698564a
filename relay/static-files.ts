import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.gguf': 'application/octet-stream',
}

/** Named by their content: vite's bundles, and models by the beginning of their digest. */
const NAMED_BY_CONTENT = /^\/assets\/|^\/models\/.+-[0-9a-f]{12}\.gguf$/

const COMPRESSIBLE = /^text\/|json|svg|wasm/

/** Below this, headers outweigh what compression saves. */
const MIN_COMPRESSED_BYTES = 1024

type Encoding = 'br' | 'gzip'

interface StaticFile {
  readonly path: string
  readonly sizeBytes: number
  readonly type: string
  readonly tag: string
  readonly immutable: boolean
  /** Compressed once, when first asked for. */
  readonly compressed: Map<Encoding, Promise<Buffer>>
}

/**
 * The built page, indexed once at start. Only what was found then can be asked for, so that no path, however
 * written, leads out of the directory. Why no library does this: docs/adr/0020-static-host.md.
 */
export class StaticFiles {
  readonly #files: ReadonlyMap<string, StaticFile>

  private constructor(files: ReadonlyMap<string, StaticFile>) {
    this.#files = files
  }

  /** A missing directory is an empty one. */
  static async index(root: string): Promise<StaticFiles> {
    const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
    const files = await Promise.all(
      entries
        .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
        .map(async (entry) => {
          const path = join(entry.parentPath, entry.name)
          const url = `/${relative(root, path).split(sep).join('/')}`
          const { size, mtimeMs } = await stat(path)
          const file: StaticFile = {
            path,
            sizeBytes: size,
            type: TYPES[extname(path)] ?? 'application/octet-stream',
            tag: `${size.toString(36)}-${Math.floor(mtimeMs).toString(36)}`,
            immutable: NAMED_BY_CONTENT.test(url),
            compressed: new Map(),
          }
          return [url, file] as const
        }),
    )
    return new StaticFiles(new Map(files))
  }

  get isEmpty(): boolean {
    return !this.#files.has('/index.html')
  }

  /**
   * Answers a GET or HEAD. False when there is no such file. A navigation to a path without extension gets the page,
   * which routes by itself; a missing script or model never does.
   */
  async respond(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<boolean> {
    const file = this.#files.get(pathname === '/' ? '/index.html' : pathname) ?? this.#fallback(request, pathname)
    if (!file) return false
    response.setHeader('Cache-Control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache')
    response.setHeader('Content-Type', file.type)
    const encoding = chooseEncoding(request, file)
    const etag = `"${file.tag}${encoding ? `-${encoding}` : ''}"`
    response.setHeader('ETag', etag)
    if (isCompressible(file)) response.setHeader('Vary', 'Accept-Encoding')
    if (matches(request.headers['if-none-match'], etag)) {
      response.writeHead(304).end()
      return true
    }
    if (encoding) await sendCompressed(request, response, file, encoding)
    else await sendPlain(request, response, file, etag)
    return true
  }

  #fallback(request: IncomingMessage, pathname: string): StaticFile | undefined {
    const navigation =
      request.headers['sec-fetch-mode'] === 'navigate' || (request.headers.accept ?? '').includes('text/html')
    return navigation && extname(pathname) === '' ? this.#files.get('/index.html') : undefined
  }
}

async function sendPlain(
  request: IncomingMessage,
  response: ServerResponse,
  file: StaticFile,
  etag: string,
): Promise<void> {
  response.setHeader('Accept-Ranges', 'bytes')
  const ifRange = request.headers['if-range']
  const range = ifRange === undefined || ifRange === etag ? parseRange(request.headers.range, file.sizeBytes) : 'whole'
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'Content-Range': `bytes */${file.sizeBytes}` }).end()
    return
  }
  const { start, end } = range === 'whole' ? { start: 0, end: file.sizeBytes - 1 } : range
  response.setHeader('Content-Length', end - start + 1)
  if (range === 'whole') response.writeHead(200)
  else response.writeHead(206, { 'Content-Range': `bytes ${start}-${end}/${file.sizeBytes}` })
  if (request.method === 'HEAD' || file.sizeBytes === 0) {
    response.end()
    return
  }
  await pipeline(createReadStream(file.path, { start, end }), response)
}

async function sendCompressed(
  request: IncomingMessage,
  response: ServerResponse,
  file: StaticFile,
  encoding: Encoding,
): Promise<void> {
  let body = file.compressed.get(encoding)
  if (!body) {
    body = compress(await readFile(file.path), encoding)
    file.compressed.set(encoding, body)
  }
  const bytes = await body
  response.writeHead(200, { 'Content-Encoding': encoding, 'Content-Length': bytes.length })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}

const toBrotli = promisify(brotliCompress)
const toGzip = promisify<Buffer, Buffer>(gzip)

function compress(bytes: Buffer, encoding: Encoding): Promise<Buffer> {
  if (encoding === 'gzip') return toGzip(bytes)
  // Quality 9 takes seconds on the engines' megabytes, and the first visitor waits for it.
  const quality = bytes.length > 1024 * 1024 ? 5 : 9
  return toBrotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } })
}

function isCompressible(file: StaticFile): boolean {
  return file.sizeBytes >= MIN_COMPRESSED_BYTES && COMPRESSIBLE.test(file.type)
}

function chooseEncoding(request: IncomingMessage, file: StaticFile): Encoding | null {
  if (!isCompressible(file) || request.headers.range !== undefined) return null
  const accepted = String(request.headers['accept-encoding'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
    .map((part) => part.split(';')[0])
  return accepted.includes('br') ? 'br' : accepted.includes('gzip') ? 'gzip' : null
}

function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}

/** One range, RFC 9110 section 14; several, or a form unknown here, mean the whole. */
function parseRange(
  header: string | undefined,
  sizeBytes: number,
): { start: number; end: number } | 'whole' | 'unsatisfiable' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return 'whole'
  const suffix = match[1] === ''
  const start = suffix ? Math.max(0, sizeBytes - Number(match[2])) : Number(match[1])
  const end = suffix || match[2] === '' ? sizeBytes - 1 : Math.min(Number(match[2]), sizeBytes - 1)
  return start > end ? 'unsatisfiable' : { start, end }
}
