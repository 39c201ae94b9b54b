/**
 * CONFIG's parameters: their names, what they are now, and changes of several at once, all or none. A parameter either
 * steers something, and says what a change does, or is fixed, and says why.
 */
import type { Parameters } from "../commands/host.ts";
import type { ReadValue } from "./parameter-kinds.ts";

interface ParameterBase {
  readonly name: string;
  /** An older name for the same. */
  readonly alias?: string;
  /** Told only when it is asked for by its whole name. */
  readonly hidden?: boolean;
  readonly read: ReadValue;
}

/** Takes effect at once, on this node, until it stops. */
export interface SteeringParameter extends ParameterBase {
  readonly initial: string;
  /** @param value as `read` has normalised it. @param text as it was given. */
  apply(value: string, text: string): void;
}

export interface FixedParameter extends ParameterBase {
  value(): string;
  /** Why it can't be changed here: the end of a sentence that begins "can't set immutable config: ". */
  readonly fixed: string;
}

export type Parameter = SteeringParameter | FixedParameter;

export class ParameterSet implements Parameters {
  /** Under their names and older names. */
  readonly #byName = new Map<string, Parameter>();
  /** Of those that steer something, by name. */
  readonly #values = new Map<string, string>();

  constructor(parameters: readonly Parameter[]) {
    for (const parameter of parameters) {
      this.#byName.set(parameter.name, parameter);
      if (parameter.alias !== undefined) this.#byName.set(parameter.alias, parameter);
      if ("initial" in parameter) this.#values.set(parameter.name, parameter.initial);
    }
  }

  *names(): Iterable<string> {
    for (const [name, parameter] of this.#byName) if (parameter.hidden !== true) yield name;
  }

  get(name: string): string | undefined {
    const parameter = this.#byName.get(name);
    if (parameter === undefined) return undefined;
    return "initial" in parameter ? this.#values.get(parameter.name) : parameter.value();
  }

  set(changes: ReadonlyMap<string, string>): { readonly name: string; readonly reason: string } | undefined {
    const accepted = new Map<SteeringParameter, { readonly value: string; readonly text: string }>();
    for (const [name, text] of changes) {
      const parameter = this.#byName.get(name);
      if (parameter === undefined) return { name, reason: "Unknown option" };
      const reading = parameter.read(text);
      if ("reason" in reading) return { name, reason: reading.reason };
      if ("initial" in parameter) {
        if (accepted.has(parameter)) return { name, reason: "duplicate parameter" };
        accepted.set(parameter, { value: reading.value, text });
      } else if (reading.value !== parameter.value()) {
        return { name, reason: `can't set immutable config: ${parameter.fixed}` };
      }
    }
    for (const [parameter, { value, text }] of accepted) {
      this.#values.set(parameter.name, value);
      parameter.apply(value, text);
    }
    return undefined;
  }
}
