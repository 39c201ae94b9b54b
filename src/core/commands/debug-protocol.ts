/** DEBUG PROTOCOL: one reply of each kind that RESP3 has, for those who test a client. */
import {
  arrayHeader,
  bool,
  bulk,
  double,
  integer,
  mapHeader,
  nil,
  pushHeader,
  type RespVersion,
  setHeader,
  verbatim,
} from "../../protocol/resp/reply.ts";
import * as errors from "./errors.ts";

const BIG_NUMBER = "1234567999999999999999999999999999999";
const PUSH = pushHeader(2, 3) + bulk("server-cpu-usage") + integer(42);
const THREE = integer(0) + integer(1) + integer(2);

export function debugProtocol(kind: string, version: RespVersion): string {
  switch (kind) {
    case "string":
      return bulk("Hello World");
    case "integer":
      return integer(12_345);
    case "double":
      return double(3141 / 1000, version);
    case "null":
      return nil(version);
    case "array":
      return arrayHeader(3) + THREE;
    case "set":
      return setHeader(3, version) + THREE;
    case "map":
      return mapHeader(3, version) + [0, 1, 2].map((at) => integer(at) + bool(at === 1, version)).join("");
    case "attrib":
      return attribute(version) + bulk("Some real reply following the attribute");
    case "push":
      return version === 2 ? errors.NOT_IN_RESP2 : PUSH + bulk("Some real reply following the push reply");
    case "verbatim":
      return verbatim("This is a verbatim\nstring", version);
    case "bignum":
      return version === 3 ? `(${BIG_NUMBER}\r\n` : bulk(BIG_NUMBER);
    case "true":
      return bool(true, version);
    case "false":
      return bool(false, version);
    default:
      return errors.PROTOCOL_TYPE;
  }
}

/** Clients of RESP2 do not get it. */
function attribute(version: RespVersion): string {
  if (version === 2) return "";
  return `|1\r\n${bulk("key-popularity")}${arrayHeader(2)}${bulk("key:123")}${integer(90)}`;
}
