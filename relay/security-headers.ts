import { webSocketSource, type Origin } from './origin.ts'

/**
 * Hosts from which a user may, after a yes, have models and their engines' libraries fetched by the page.
 * The relay itself never contacts them.
 */
const MODEL_HOSTS = [
  'https://huggingface.co',
  'https://*.huggingface.co',
  // Where huggingface.co redirects for large files.
  'https://*.hf.co',
  // Model libraries of web-llm.
  'https://raw.githubusercontent.com',
]

/** Headers of every response. `origin` is how the request reached us: WebSockets of it are allowed by name. */
export function securityHeaders(origin: Origin | null): Record<string, string> {
  const webSocket = origin ? [webSocketSource(origin)] : []
  const policy = {
    'default-src': ["'self'"],
    'script-src': ["'self'", "'wasm-unsafe-eval'"],
    'worker-src': ["'self'", 'blob:'],
    'style-src': ["'self'"],
    'img-src': ["'self'", 'data:', 'blob:'],
    'connect-src': ["'self'", ...webSocket, ...MODEL_HOSTS],
    'object-src': ["'none'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
  }
  return {
    'Content-Security-Policy': Object.entries(policy)
      .map(([directive, sources]) => `${directive} ${sources.join(' ')}`)
      .join('; '),
    // Cross-origin isolation: WebAssembly threads need it.
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
  }
}
