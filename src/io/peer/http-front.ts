/** What the peer port says over plain HTTP: health for orchestrators, metrics for Prometheus. Nothing else, no orders. */
import type { IncomingMessage, ServerResponse } from "node:http";

export interface HttpFront {
  /** `ok` decides between 200 and 503; `body` is sent as JSON. */
  health(): { readonly ok: boolean; readonly body: object };
  /** Prometheus text format, version 0.0.4. */
  metrics(): string;
}

const PLAIN = "text/plain; charset=utf-8";

export function answerHttp(front: HttpFront, request: IncomingMessage, response: ServerResponse): void {
  const path = request.url?.split("?", 1)[0];
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    send(response, 405, PLAIN, "method not allowed\n");
  } else if (path === "/health") {
    const { ok, body } = front.health();
    send(response, ok ? 200 : 503, "application/json", `${JSON.stringify(body)}\n`);
  } else if (path === "/metrics") {
    send(response, 200, "text/plain; version=0.0.4; charset=utf-8", front.metrics());
  } else {
    send(response, 404, PLAIN, "there are /health and /metrics here, and WebSockets for peers at /\n");
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  // One answer a connection: nothing idles among the connections that have not proven themselves.
  response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store", Connection: "close" });
  response.end(body);
}
