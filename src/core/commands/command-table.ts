/** Finds commands by name, in any case of letters. */
import { invariant } from "../../base/errors.ts";
import { type Argv, Command, type CommandSpec } from "./command.ts";

export class CommandTable {
  /** Under their lower-case and upper-case names, so that the usual spellings need no conversion. */
  readonly #byName = new Map<string, Command>();
  readonly #commands: Command[] = [];
  /** What was found last, and by which name. */
  #lastName = "";
  #last: Command | undefined;

  constructor(families: readonly (readonly CommandSpec[])[]) {
    for (const spec of families.flat()) {
      invariant(!this.#byName.has(spec.name), `command ${spec.name} is defined once`);
      const command = new Command(spec);
      this.#commands.push(command);
      this.#byName.set(spec.name, command);
      this.#byName.set(spec.name.toUpperCase(), command);
    }
  }

  get commands(): readonly Command[] {
    return this.#commands;
  }

  find(name: string): Command | undefined {
    // Mostly the same one comes again: to compare its name costs less than to hash it.
    if (name === this.#lastName) return this.#last;
    const found = this.#byName.get(name) ?? this.#byName.get(name.toLowerCase());
    // What is no command's name may be any text, of any length.
    if (found === undefined) return undefined;
    this.#lastName = name;
    this.#last = found;
    return found;
  }

  /** The command that `argv` names, its subcommand resolved; arity and permissions are not looked at. */
  resolve(argv: Argv): Command | undefined {
    const command = this.find(argv[0] as string);
    if (command?.subcommands === undefined || argv.length === 1) return command;
    return command.subcommands.get((argv[1] as string).toLowerCase());
  }

  /** `container|subcommand`, or a plain name. */
  findByFullName(fullName: string): Command | undefined {
    const [name = "", subcommand, ...rest] = fullName.toLowerCase().split("|");
    if (rest.length > 0) return undefined;
    const command = this.find(name);
    return subcommand === undefined ? command : command?.subcommands?.get(subcommand);
  }
}
