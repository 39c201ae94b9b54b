/**
 * Runs scripts for clients. Each redis.call goes through the same gate as a client's command; all effects of a script
 * become one record, as those of EXEC do. Nobody else is served meanwhile, so that a script that runs for too long is
 * ended here: with an error, and with what it has done so far standing as its record.
 */
import { createHash } from "node:crypto";
import { error } from "../../protocol/resp/reply.ts";
import { type Argv, type Command, FLAGS } from "../commands/command.ts";
import type { CommandContext } from "../commands/context.ts";
import * as errors from "../commands/errors.ts";
import { argumentBytes } from "../commands/text-bounds.ts";
import { ClientSession } from "../session.ts";
import { textOrUndefined } from "./call.ts";
import { fieldOf, TYPE, textCell, typeOf } from "./cells.ts";
import { spend } from "./dialect.ts";
import { ReplyWriter } from "./lua-to-reply.ts";
import type { LuaTable } from "./lua-vm.ts";
import { LuaMachine, type Outcome } from "./machine.ts";
import { redisLibrary } from "./redis-library.ts";
import { type Script, ScriptCache } from "./script-cache.ts";
import { readScript } from "./script-source.ts";

/** Instructions of a script that has written nothing: about a third of a second. Below any sensible down-after. */
const INSTRUCTIONS_MAX = 10_000_000;
/** Of one that has written: it should come to its end. */
const INSTRUCTIONS_MAX_WRITTEN = 20_000_000;
/** A command counts as so many instructions, and each of so many bytes that it takes or replies as one more. */
const INSTRUCTIONS_PER_CALL = 50;
const BYTES_PER_INSTRUCTION = 16;
/** About a second of compiling. */
const SOURCE_BYTES_MAX = 1024 * 1024;

const ERR = textCell("err");
/** What a script that only reads may not call. */
const WRITES = FLAGS.write | FLAGS.may_replicate;

export class ScriptEngine {
  /** DEBUG SET-DISABLE-DENY-SCRIPTS. Redis then lets scripts call all that is kept from them; here, DEBUG. */
  mayDebug = false;
  #running = false;
  readonly #context: CommandContext;
  readonly #cache = new ScriptCache();
  /** Whom a script's commands run for. */
  readonly #session = new ClientSession({ id: 0, address: "?:0", localAddress: "", createdAtMs: 0 });
  /** Made when the first script comes. */
  #machine: LuaMachine | undefined;
  #readOnly = false;
  /** It may need more memory than `maxmemory` has room for. */
  #allowsOom = false;
  #writtenBytes = 0;

  constructor(context: CommandContext) {
    this.#context = context;
    this.#session.authenticated = true;
  }

  /** Number of scripts that EVALSHA knows. */
  get cached(): number {
    return this.#cache.size;
  }

  /** The command that runs now comes from a script. */
  get isRunning(): boolean {
    return this.#context.session === this.#session;
  }

  /** Finds or compiles. @param keep it came by SCRIPT LOAD. @returns an encoded error when it can't be. */
  load(source: string, keep = false): Script | string {
    const sha = createHash("sha1").update(source, "latin1").digest("hex");
    const script = this.#cache.find(sha) ?? this.#compile(source, sha);
    if (typeof script === "string") return script;
    if (keep) this.#cache.addLoaded(script);
    return script;
  }

  #compile(source: string, sha: string): Script | string {
    const read = readScript(source);
    if (typeof read === "string") return error(read);
    if (source.length > SOURCE_BYTES_MAX) {
      return error(errors.scriptDoesNotCompile(errors.SCRIPT_SOURCE_TOO_LONG));
    }
    const compiled = this.#machineNow().compile(read.body);
    if (typeof compiled === "string") return error(errors.scriptDoesNotCompile(compiled));
    const script: Script = { sha, compiled, flags: read.flags, sourceBytes: source.length };
    this.#cache.addEvaluated(script);
    return script;
  }

  /** Whether the script says by its first line that it writes nothing. @param source or its sha. */
  saysItOnlyReads(source: string, bySha: boolean): boolean {
    if (bySha) return this.find(source)?.flags?.has("no-writes") === true;
    const read = readScript(source);
    return typeof read !== "string" && read.flags?.has("no-writes") === true;
  }

  find(sha: string): Script | undefined {
    return this.#cache.find(sha.toLowerCase());
  }

  /** The present command is one of a script's. */
  get running(): boolean {
    return this.#running;
  }

  /** SCRIPT FLUSH: the machine goes too, and with it whatever it held. */
  flush(): void {
    this.#cache.clear();
    this.#machine = undefined;
  }

  /** @returns the encoded reply. */
  run(script: Script, keys: readonly string[], args: readonly string[], readOnly: boolean): string {
    const context = this.#context;
    const machine = this.#machineNow();
    const { session: caller, argv, inExec } = context;
    const session = this.#session;
    session.db = caller.db;
    session.protocol = 2;
    this.#readOnly = readOnly || script.flags?.has("no-writes") === true;
    this.#allowsOom = script.flags?.has("allow-oom") === true;
    this.#writtenBytes = 0;
    context.session = session;
    context.inExec = true;
    this.#running = true;
    let outcome: Outcome;
    try {
      outcome = machine.run(script.compiled, keys, args);
    } finally {
      context.session = caller;
      context.argv = argv;
      context.inExec = inExec;
      this.#running = false;
      context.db = context.keyspace.database(caller.db);
    }
    if (!outcome.ok) return error(this.#errorText(machine, outcome, script));
    try {
      const versions = { client: caller.protocol, script: session.protocol };
      return new ReplyWriter(machine.state, versions, context.bounds.replyBytesMax).write(outcome.value);
    } catch (failure) {
      if (!(failure instanceof RangeError)) throw failure;
      return errors.REPLY_TOO_LONG;
    }
  }

  #machineNow(): LuaMachine {
    this.#machine ??= new LuaMachine({
      redis: redisLibrary({
        redisVersion: this.#context.host.redisVersion,
        call: (argv) => this.#call(argv),
        setProtocol: (version) => {
          this.#session.protocol = version;
        },
        mayRun: (argv) => (this.#find(argv) === undefined ? undefined : true),
        log: (level, message) => this.#context.host.logScript(level, message),
      }),
      randomSeed: () => this.#context.host.random.below(2 ** 32),
      overrun: (instructions) => this.#overrun(instructions),
    });
    return this.#machine;
  }

  #call(argv: Argv): string {
    const command = this.#find(argv);
    const refusal = this.#refusal(command, argv);
    if (command === undefined || refusal !== undefined)
      return error(refusal ?? errors.SCRIPT_UNKNOWN_COMMAND);
    const bytes = argumentBytes(argv);
    if (command.has("write")) {
      this.#writtenBytes += bytes;
      if (this.#writtenBytes > this.#context.bounds.argumentBytesMax)
        return error(errors.TRANSACTION_TOO_LONG);
    }
    const reply = this.#run(command, argv);
    spend(INSTRUCTIONS_PER_CALL + (bytes + reply.length) / BYTES_PER_INSTRUCTION);
    return reply;
  }

  /** What a command throws is fatal, also what would be lack of memory in the script itself: half of a change may be done. */
  #run(command: Command, argv: Argv): string {
    try {
      return this.#context.runQueued(command, argv);
    } catch (failure) {
      this.#machine?.noteFailure(failure);
      throw failure;
    }
  }

  #find(argv: Argv): Command | undefined {
    const container = this.#context.table.find(argv[0] ?? "");
    if (container?.subcommands === undefined || argv.length === 1) return container;
    return container.subcommands.get((argv[1] ?? "").toLowerCase());
  }

  /** The checks in Redis's order. */
  #refusal(command: Command | undefined, argv: Argv): string | undefined {
    if (command === undefined) return errors.SCRIPT_UNKNOWN_COMMAND;
    if (!command.accepts(argv.length)) return errors.SCRIPT_WRONG_ARITY;
    const mayDebug = this.mayDebug && command.fullName === "debug";
    if (command.has("noscript") && !mayDebug) return errors.SCRIPT_COMMAND_REFUSED;
    if (this.#readOnly && (command.flags & WRITES) !== 0) return errors.SCRIPT_READ_ONLY;
    // Once it has written it cannot be stopped in the middle.
    const mayGrow = this.#allowsOom || this.#writtenBytes > 0;
    const flags = mayGrow ? command.flags & ~FLAGS.denyoom : command.flags;
    return this.#context.host.refuse(command, this.#session, argv, flags);
  }

  #overrun(instructions: number): string | undefined {
    if (instructions <= INSTRUCTIONS_MAX) return undefined;
    const hasWritten = this.#context.keyspace.effects.bytes > 0;
    if (!hasWritten) return errors.SCRIPT_TOO_LONG;
    return instructions > INSTRUCTIONS_MAX_WRITTEN ? errors.SCRIPT_TOO_LONG_WRITTEN : undefined;
  }

  #errorText(machine: LuaMachine, outcome: Outcome & { readonly ok: false }, script: Script): string {
    const cell = outcome.error;
    const field =
      typeOf(cell) === TYPE.table ? fieldOf(machine.state, cell.value as LuaTable, ERR) : undefined;
    const text = (field && textOrUndefined(field)) ?? errors.SCRIPT_UNKNOWN_ERROR;
    const place = outcome.place === undefined ? "" : `, on ${outcome.place}`;
    return `${text} script: ${script.sha}${place}.`;
  }
}
