/**
 * The WebSocket library. Not by `import`, which reads each of its CommonJS files through for its exports first: it would take three times as long to
 * load, and every process of a cluster waits for it at its start.
 */
import { createRequire } from "node:module";
import type * as Ws from "ws";

const ws: typeof Ws = createRequire(import.meta.url)("ws");

export type { RawData } from "ws";
export const WebSocket: typeof Ws.WebSocket = ws.WebSocket;
export type WebSocket = Ws.WebSocket;
export const WebSocketServer: typeof Ws.WebSocketServer = ws.WebSocketServer;
export type WebSocketServer = Ws.WebSocketServer;
