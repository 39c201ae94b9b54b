/** Both ends of TCP connections in one process; a test's own end with it. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type ServerOpts, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export async function listening(options: ServerOpts): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, ...options });
  onTestFinished(() => {
    server.close();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

export async function connected(server: Server): Promise<{ client: Socket; accepted: Socket }> {
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [[accepted]] = (await Promise.all([once(server, "connection"), once(client, "connect")])) as [
    [Socket],
    unknown,
  ];
  endWithTest(client);
  endWithTest(accepted);
  return { client, accepted };
}

export function endWithTest(socket: Socket): void {
  onTestFinished(() => {
    socket.destroy();
  });
}
