/**
 * What a fuzz target is: inputs, and a check that throws where the decoder under test breaks its word. Runs nothing;
 * `run-target.ts` does.
 */
import fc from "fast-check";
import { InterrexError } from "../../src/base/errors.ts";

/** Both must happen in a run: a target whose inputs are all refused at the door tests the door alone. */
export type Outcome = "decoded" | "refused";

export interface FuzzTarget {
  readonly name: string;
  /** `tell` hears how each input ended, those of shrinking too. */
  property(tell: (outcome: Outcome) => void): fc.IAsyncProperty<[unknown]>;
}

export function fuzzTarget<Input>(
  name: string,
  inputs: fc.Arbitrary<Input>,
  check: (input: Input) => Outcome | Promise<Outcome>,
): FuzzTarget {
  return {
    name,
    property: (tell) =>
      fc.asyncProperty(inputs as fc.Arbitrary<unknown>, async (input) => {
        tell(await check(input as Input));
      }),
  };
}

/** @returns "refused" when the error is one that the decoder's documentation names; throws it otherwise. */
export function refusal(error: unknown, ...codes: readonly string[]): Outcome {
  if (error instanceof InterrexError && codes.includes(error.code)) return "refused";
  throw error;
}

/** For what is not worth an expectation library in 100,000 runs. */
export function require(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`broken: ${what}`);
}
