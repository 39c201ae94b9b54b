/** A real redis-server on a free port with a directory of its own, for comparing replies. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeCommand } from "../../../src/protocol/resp/command-encoder.ts";
import { freePort } from "../../free-port.ts";
import { decodeAll } from "./harness.ts";

/** Ends each batch, so that its last byte is recognised. */
const END = "end of batch";
/** Of runs of a few milliseconds, each unlucky by chance alone. */
const TRIES_MAX = 20;

export class RedisServer {
  readonly #process: ChildProcess;
  readonly #directory: string;
  readonly #socket: Socket;
  readonly #port: number;

  private constructor(process: ChildProcess, directory: string, socket: Socket, port: number) {
    this.#port = port;
    this.#process = process;
    this.#directory = directory;
    this.#socket = socket;
  }

  static async start(): Promise<RedisServer> {
    const port = await freePort();
    const directory = mkdtempSync(join(tmpdir(), "interrex-redis-"));
    const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    const child = spawn("redis-server", [...options, "--dir", directory, "--enable-debug-command", "yes"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
      child.stdout.on("data", (chunk: Buffer) => {
        if (chunk.includes("Ready to accept connections")) resolve();
      });
    });
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new RedisServer(child, directory, socket, port);
  }

  /** Sends commands on one connection. @returns one decoded reply for each. */
  async ask(commands: readonly (readonly string[])[]): Promise<unknown[]> {
    const text = [...commands, ["ECHO", END]].map(encodeCommand).join("");
    const end = `$${END.length}\r\n${END}\r\n`;
    const received = await new Promise<string>((resolve, reject) => {
      let all = "";
      const onData = (chunk: Buffer): void => {
        all += chunk.toString("latin1");
        if (!all.endsWith(end)) return;
        this.#socket.off("data", onData);
        this.#socket.off("close", reject);
        resolve(all.slice(0, -end.length));
      };
      this.#socket.on("data", onData);
      this.#socket.once("close", reject);
      this.#socket.write(text, "latin1");
    });
    return decodeAll(received);
  }

  /**
   * As `ask`, with the server's time (wall clock, ms) of all of it: a run during which a second, rounded as EXPIRETIME rounds it, ends is
   * done again, so the commands must not build on what was there.
   */
  async askWithinSecond(
    commands: readonly (readonly string[])[],
  ): Promise<{ nowMs: number; replies: unknown[] }> {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const [before, ...replies] = await this.ask([["TIME"], ...commands, ["TIME"]]);
      const nowMs = milliseconds(before);
      if (roundedSecond(nowMs) === roundedSecond(milliseconds(replies.pop()))) return { nowMs, replies };
    }
    throw new Error(`a second ended in each of ${TRIES_MAX} runs`);
  }

  /** A further connection. */
  async connect(): Promise<RedisSession> {
    const socket = connect(this.#port, "127.0.0.1");
    await once(socket, "connect");
    return new RedisSession(socket);
  }

  async stop(): Promise<void> {
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    await ended;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A connection whose replies may be long in coming. */
export class RedisSession {
  readonly #socket: Socket;
  #text = "";

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString("latin1");
    });
  }

  send(argv: readonly string[]): void {
    this.#socket.write(encodeCommand(argv), "latin1");
  }

  /** What has come since the last look, not decoded. */
  get text(): string {
    return this.#text;
  }

  /** What has come since the last look. */
  received(): unknown[] {
    const replies = decodeAll(this.#text);
    this.#text = "";
    return replies;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Of TIME's reply. */
function milliseconds(reply: unknown): number {
  const [seconds, microseconds] = (reply as string[]).map(Number);
  return (seconds ?? 0) * 1000 + Math.floor((microseconds ?? 0) / 1000);
}

function roundedSecond(ms: number): number {
  return Math.floor((ms + 500) / 1000);
}
