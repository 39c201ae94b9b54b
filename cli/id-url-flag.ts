/** Parsers of flags that name peers as `id=url`, one or several. */
import { InvalidArgumentError } from "commander";
import * as fields from "../cluster/config/fields.ts";

export interface IdAndUrl {
  readonly id: string;
  readonly url: string;
}

/** `n1=ws://127.0.0.1:16379`. */
export function idUrlFlag(text: string): IdAndUrl {
  const at = text.indexOf("=");
  const named = { id: text.slice(0, at), url: text.slice(at + 1) };
  const fits =
    at > 0 && fields.id().safeParse(named.id).success && fields.peerUrl().safeParse(named.url).success;
  if (fits) return named;
  throw new InvalidArgumentError("Give ID=URL, such as n1=ws://127.0.0.1:16379.");
}

/** `n1=ws://...,n2=ws://...`. */
export function idUrlListFlag(text: string): IdAndUrl[] {
  return text.split(",").map((item) => idUrlFlag(item.trim()));
}
