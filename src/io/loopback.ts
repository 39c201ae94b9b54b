/** Whether who listens on `host` is heard on its own machine alone. */
export function isLoopbackHost(host: string): boolean {
  return /^(127\.|::1$|localhost$)/.test(host);
}
