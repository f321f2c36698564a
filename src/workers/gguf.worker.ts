import { expose } from 'comlink'
import { GGUF_MODELS } from '#adapters/engine/gguf-catalogue.ts'
import { ggufWorker } from '#adapters/engine/gguf-worker.ts'

expose(ggufWorker(self.name, GGUF_MODELS))
