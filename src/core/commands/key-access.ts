/** What a command does with each of its keys, as COMMAND GETKEYSANDFLAGS tells it. It finds no keys itself. */
import type { Argv } from "./command.ts";

/** For one key after the other, the last for all that follow; whoever is not listed reads. */
const ACCESS: readonly (readonly [access: string, names: string])[] = [
  ["RO", "exists hexists hlen hstrlen llen memory|usage object|encoding object|freq object|idletime"],
  ["RO", "object|refcount scard sismember strlen touch type watch xlen zcard"],
  ["RO access|OW update", "copy sort"],
  ["RW insert", "append hsetnx linsert lpush lpushx rpush rpushx sadd xgroup|create xgroup|createconsumer"],
  ["RW update", "expire expireat hmset hset lset persist pexpire pexpireat setrange xack xadd xclaim"],
  ["RW update", "xgroup|setid xsetid zadd"],
  ["RW access update", "decr decrby eval evalsha getex getset hincrby hincrbyfloat incr incrby incrbyfloat"],
  ["RW access update", "move setbit zincrby"],
  ["RW delete", "hdel lrem ltrim srem xautoclaim xdel xgroup|delconsumer xgroup|destroy xtrim zrem"],
  ["RW delete", "zremrangebylex zremrangebyrank zremrangebyscore"],
  ["RW access delete", "blmpop blpop brpop bzmpop bzpopmax bzpopmin getdel lmpop lpop rpop spop zmpop"],
  ["RW access delete", "zpopmax zpopmin"],
  ["RW access delete|RW insert", "blmove brpoplpush lmove rpoplpush smove"],
  ["RW access delete|OW update", "rename"],
  ["RW access delete|OW insert", "renamenx"],
  ["RM delete", "del unlink"],
  ["OW update", "mset psetex set setex"],
  ["OW insert", "msetnx setnx"],
  ["OW update|RO access", "bitop sdiffstore sunionstore zdiffstore zinterstore zrangestore zunionstore"],
  ["RW update|RO access", "sinterstore"],
];

const BY_NAME: ReadonlyMap<string, readonly (readonly string[])[]> = new Map(
  ACCESS.flatMap(([access, names]) => {
    const each = access.split("|").map((flags) => flags.split(" "));
    return names.split(" ").map((name) => [name, each] as const);
  }),
);
const READS: readonly (readonly string[])[] = [["RO", "access"]];
const READS_AND_WRITES: readonly string[] = ["RW", "access", "update"];

/** @param at which of the command's keys, from 0. */
export function keyAccess(fullName: string, argv: Argv, at: number): readonly string[] {
  if (fullName === "set" && argv.slice(3).some((word) => word.toUpperCase() === "GET"))
    return READS_AND_WRITES;
  const each = BY_NAME.get(fullName) ?? READS;
  return each[Math.min(at, each.length - 1)] as readonly string[];
}
