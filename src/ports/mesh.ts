import type { NodeId } from '#core/protocol/ids.ts'
import { NamedError } from './named-error.ts'

export interface Link {
  readonly node: NodeId
  /** `direct`: WebRTC between the two tabs. `relayed`: through the relay, which sees only sealed bytes. */
  readonly kind: 'direct' | 'relayed'
  /** Null until measured. */
  readonly roundTripMs: number | null
}

export interface MeshState {
  readonly phase: 'offline' | 'connecting' | 'connected'
  /** Whether the relay can be reached now. A mesh with direct links works without it. */
  readonly relay: 'connected' | 'connecting' | 'lost'
  readonly links: readonly Link[]
}

/** A validator's word on a gossip frame: `reject` also costs its forwarder standing in gossip. */
export type Acceptance = 'accept' | 'ignore' | 'reject'

/** A bidirectional stream of length-prefixed frames. */
export interface FrameStream {
  readonly remote: NodeId
  /** Resolves when the stream takes more. Throws `StreamClosedError`. */
  send(frame: Uint8Array): Promise<void>
  /**
   * Ends when the remote closes its half; throws `FrameTooLargeError`, `StreamClosedError`. A reset can get lost with its
   * channel and then looks like an end, so whoever needs to know that all arrived says so in its own frames.
   */
  readonly frames: AsyncIterable<Uint8Array>
  /** Closes this half. */
  close(): Promise<void>
  abort(reason: Error): void
}

/**
 * Gossip and streams among the nodes of one network.
 *
 * Invariants: 1. a published frame is never delivered to its own publisher; 2. a frame reaches `deliver` only after
 * `validate` accepted it, once; 3. links come and go, `state` says which are up; 4. `start` resolves when the node
 * listens locally, not when it has peers: a lonely node is a working node.
 */
export interface Mesh {
  readonly self: NodeId
  start(signal?: AbortSignal): Promise<void>
  /** Closes every link in good order. */
  stop(): Promise<void>
  state(): MeshState
  /** Calls back on every change of `state`. Returns the cancellation. */
  onStateChange(listener: (state: MeshState) => void): () => void
  /** Called once, before `start`. `forwarder` is who passed the frame on, not who wrote it. */
  subscribe(
    validate: (frame: Uint8Array, forwarder: NodeId) => Promise<Acceptance>,
    deliver: (frame: Uint8Array) => void,
  ): void
  /**
   * Publishes to the network's topic. Does not fail for want of peers. Resolves to how many gossip peers it was sent to
   * at once, the relay included. Throws `FrameTooLargeError` beyond `MAX_FRAME_BYTES`.
   */
  publish(frame: Uint8Array): Promise<number>
  /** Serves a protocol, such as `/tabswarm/3/fetch`. */
  handle(protocol: string, maxFrameBytes: number, handler: (stream: FrameStream) => Promise<void>): void
  /** Opens a stream over an existing or new link. Throws `UnreachableError`, or the signal's reason. */
  open(node: NodeId, protocol: string, maxFrameBytes: number, signal?: AbortSignal): Promise<FrameStream>
  /** A hint: the network or the machine woke up; look at every link again now. */
  wake(): void
}

/** No link to that node could be made. */
export class UnreachableError extends NamedError {}
/** The stream ended while it was in use. */
export class StreamClosedError extends NamedError {}
/** A frame beyond its protocol's maximum, announced by the remote or to be sent. */
export class FrameTooLargeError extends NamedError {}
