/**
 * Has sockets read into one buffer that they share. Node makes 64 KB for each read otherwise, of which a command takes some fifty bytes:
 * to make them, to cut them down and to collect them took up to a fifth of a busy node's time. It offers such a buffer (`onread`) to sockets
 * that connect only; so one that was accepted is made anew around its handle. Where that can't be done the socket reads as it always did.
 */
import { Socket } from "node:net";

/** What Node reads at once. */
const BUFFER_BYTES = 64 * 1024;

/** What is not public of an accepted socket, and has been the same since Node 12. */
interface Accepted {
  _handle: { useUserBuffer?: unknown } | null;
  _server: unknown;
}

const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);

/**
 * @param socket just accepted, paused, and with no listeners; not to be used any more.
 * @param onBytes is called with what has come: the first `length` bytes of `bytes`. They are lent: they change once it has returned.
 * @returns the socket to use, paused.
 */
export function withSharedReads(socket: Socket, onBytes: (bytes: Buffer, length: number) => void): Socket {
  const accepted = socket as unknown as Accepted;
  const { _handle: handle, _server: server } = accepted;
  if (typeof handle?.useUserBuffer !== "function") {
    socket.on("data", (bytes) => onBytes(bytes, bytes.length));
    socket.pause();
    return socket;
  }
  accepted._handle = null;
  // It counts for its server no more: the new one does.
  accepted._server = null;
  const options = {
    handle,
    allowHalfOpen: socket.allowHalfOpen,
    pauseOnCreate: true,
    onread: {
      buffer,
      callback: (length: number): boolean => {
        onBytes(buffer, length);
        return true;
      },
    },
  };
  const shared = new Socket(options);
  (shared as unknown as Accepted)._server = server;
  return shared;
}
