/**
 * Hands short texts to the kernel without a stream in between: for each write Node makes a request, notes what waits and calls back in a later
 * turn, also for a write that is over at once, as nearly all replies are. That took a twentieth of a node's time for single commands. What the
 * kernel doesn't take waits in the handle, before all that the socket writes later. Where that can't be done the socket writes as it always did.
 */
import type { Socket } from "node:net";
import { getSystemErrorName } from "node:util";

/** A longer one is not copied to the stack by Node, and worth its request. */
const TEXT_BYTES_MAX = 16 * 1024;

/** What Node's C++ calls when the rest of a write is done, if there was a rest. */
interface WriteRequest {
  oncomplete?: (status: number) => void;
  /** Negative while C++ holds nothing of it. */
  getAsyncId(): number;
}

/** What is not public of a socket's handle, and has been the same since Node 12. */
interface Handle {
  writeLatin1String: (request: WriteRequest, text: string) => number;
  /** Bytes that the kernel hasn't taken yet. */
  readonly writeQueueSize: number;
}

/** Node's own class of requests, learnt from the first write of any socket. */
let Request: (new () => WriteRequest) | undefined;
/** A write that is over at once leaves its request as it was. Two writes that share one end the process. */
let spare: WriteRequest | undefined;

export class DirectWrites {
  readonly #socket: Socket;
  /** `undefined` when the socket has none that can be used so. */
  readonly #handle: Handle | undefined;
  #waitingBytes = 0;

  /** @param socket one that is connected. */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#handle = handleOf(socket);
  }

  /** How much of what was written so the kernel hasn't taken yet: the socket itself doesn't know of it. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /**
   * @param text one character a byte; the socket is writable.
   * @returns false when the socket is to write it: nothing has been done.
   */
  write(text: string): boolean {
    const socket = this.#socket;
    if (text.length > TEXT_BYTES_MAX || this.#waitingBytes > 0 || socket.writableLength > 0) return false;
    const handle = this.#handle;
    if (handle === undefined) return false;
    if (Request === undefined) {
      learnFrom(handle);
      return false;
    }
    const request = spare ?? new Request();
    spare = undefined;
    const status = handle.writeLatin1String(request, text);
    if (status !== 0) this.#failed(status);
    else if (request.getAsyncId() < 0) spare = request;
    // Nothing waits if there was room when libuv tried again, but the request is called back all the same.
    else if (handle.writeQueueSize > 0) this.#waitFor(request, handle.writeQueueSize);
    return true;
  }

  #waitFor(request: WriteRequest, bytes: number): void {
    this.#waitingBytes = bytes;
    request.oncomplete = (status) => {
      this.#waitingBytes = 0;
      if (status !== 0) this.#failed(status);
    };
  }

  /** As a failed write of the socket itself, to those who listen. */
  #failed(status: number): void {
    const code = getSystemErrorName(status);
    this.#socket.destroy(
      Object.assign(new Error(`write ${code}`), { code, errno: status, syscall: "write" }),
    );
  }
}

function handleOf(socket: Socket): Handle | undefined {
  const { _handle: handle } = socket as unknown as { _handle: Partial<Handle> | null };
  const isUsable =
    typeof handle?.writeLatin1String === "function" && typeof handle.writeQueueSize === "number";
  return isUsable ? (handle as Handle) : undefined;
}

/** Its next write is done by Node, and shows which class its request is of. */
function learnFrom(handle: Handle): void {
  handle.writeLatin1String = (request, text) => {
    // Only this object's own; that of all handles is behind it.
    delete (handle as Partial<Handle>).writeLatin1String;
    if (typeof request.getAsyncId === "function") Request = request.constructor as new () => WriteRequest;
    return handle.writeLatin1String(request, text);
  };
}
