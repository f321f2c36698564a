/**
 * Waits for the next turn of the event loop, so that messages can come in: onnxruntime computes without a pause, and a
 * timer of nothing takes 4 ms once it is nested.
 */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}
