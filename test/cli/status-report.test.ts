import { describe, expect, it } from "vitest";
import { statusLines } from "../../cli/status-report.ts";
import type { GroupView, MemberView } from "../../sentinel/core/view.ts";
import type { MemberId, Offset } from "../../src/base/ids.ts";
import type { NodeStatus } from "../../src/protocol/peer/node-messages.ts";
import { EMPTY_VIEW, HEALTHY_VIEW, ONE_DOWN_VIEW } from "./example-views.ts";

const context = { asked: { host: "127.0.0.1", port: 26_379 }, terminal: { colours: false } };

describe("the status of a group", () => {
  it("in good health shows everyone's part", () => {
    expect(statusLines(HEALTHY_VIEW, context).join("\n")).toMatchInlineSnapshot(`
      "mymaster  master n1, epoch 2, semi-sync, W 2 of 3, record 2.1

      NODE  ROLE     ADDRESS         POSITION  LAG  PROMISE  LEASE  STATE  NOTE
      n1    master   127.0.0.1:6379  2:1200    -    2 s1     held   up
      n2    replica  127.0.0.1:6380  2:1200    0    2 s1     -      up
      n3    replica  127.0.0.1:6381  2:1150    50   2 s1     -      up

      SENTINEL  ADDRESS          VOTED  MASTER IS  STATE
      (asked)   127.0.0.1:26379  2      up         up
      s2        127.0.0.1:26380  2      up         up
      s3        127.0.0.1:26381  2      up         up

      A failover is possible now."
    `);
  });

  it("with a dead master says who thinks so, what is under way and why a member can't be promoted", () => {
    expect(statusLines(ONE_DOWN_VIEW, context).join("\n")).toMatchInlineSnapshot(`
      "mymaster  master n1, epoch 2, semi-sync, W 2 of 3, record 2.1
      ! maintenance: no automatic failover until \`interrex resume\`
      ! the master is down: at least 2 sentinels agree
      ! failover under way in epoch 3: seal (down)

      NODE  ROLE        ADDRESS         POSITION  LAG  PROMISE  LEASE  STATE           NOTE
      n1    was master  127.0.0.1:6379  2:1200    -    2 s1     ?      down for 4.2 s
      n2    replica     127.0.0.1:6380  2:1200    0    2 s1     -      up              not connected to n1
      n3    -           127.0.0.1:6381  -         -    -        -      no link         its state was lost and it has not caught up

      SENTINEL  ADDRESS          VOTED  MASTER IS  STATE
      (asked)   127.0.0.1:26379  2      down       up
      s2        127.0.0.1:26380  2      down       up
      s3        127.0.0.1:26381  2      unknown    down, heard 1 min 15 s ago

      No failover is possible now:
        - n3: its state was lost and it has not caught up
        - 2 admitted members are needed, 1 is left"
    `);
  });

  it("names the way out where nobody serves, with the member that holds most, and no earlier", () => {
    const stuck: GroupView = { ...ONE_DOWN_VIEW, failover: null, standing: HEALTHY_VIEW.standing };
    const advice = (view: GroupView) =>
      statusLines(view, context).filter((line) => line.includes("recover") || line.startsWith("Start"));
    const [ahead, behind] = HEALTHY_VIEW.replicas as [MemberView, MemberView];
    expect(advice({ ...stuck, replicas: [behind, ahead] })).toEqual([
      "Start the members that are down: nothing is lost then. If they are gone for good,",
      "`interrex recover n2 --accept-loss` goes on without what only they had.",
    ]);
    expect(advice({ ...stuck, replicas: [behind, { ...ahead, linkUp: false }] })[1]).toContain("recover n3 ");
    expect(advice({ ...stuck, replicas: [behind, { ...ahead, voting: false }] })[1]).toContain("recover n3 ");
    expect(advice({ ...stuck, odown: false })).toEqual([]);
    expect(advice({ ...stuck, failover: ONE_DOWN_VIEW.failover })).toEqual([]);
    expect(advice(ONE_DOWN_VIEW)).toEqual([]);
  });

  it("tells a dead former master from one that still takes itself for the master", () => {
    const former = { ...(HEALTHY_VIEW.master as MemberView), id: "n0" as MemberId };
    const roleOf = (change: Partial<MemberView>) => {
      const view = { ...HEALTHY_VIEW, replicas: [{ ...former, ...change }] };
      return statusLines(view, context).find((line) => line.startsWith("n0"));
    };
    expect(roleOf({})).toMatch(/^n0 +old master /);
    expect(roleOf({ sdown: true, linkUp: false })).toMatch(/^n0 +was master /);
  });

  it("tells that a replica which has all records still replays them", () => {
    const replica = HEALTHY_VIEW.replicas[0] as MemberView;
    const status = replica.status as NodeStatus;
    const position = { ...status.position, offset: 1_000_000 as Offset };
    const lineOf = (applied: number) => {
      const member = { ...replica, status: { ...status, position, applied: applied as Offset } };
      return statusLines({ ...HEALTHY_VIEW, replicas: [member] }, context).find((line) =>
        line.startsWith("n2"),
      );
    };
    expect(lineOf(400_000)).toMatch(/ 0 .* up +replays its log: 600000 records to go$/);
    expect(lineOf(999_990)).toMatch(/ up *$/);
  });

  it("tells of a master whose writes wait for their copies although all are up", () => {
    const master = HEALTHY_VIEW.master as MemberView;
    const status = master.status as NodeStatus;
    const lineOf = (oldestUncommittedMs: number, changes: Partial<MemberView> = {}) => {
      const member = { ...master, status: { ...status, oldestUncommittedMs }, ...changes };
      return statusLines({ ...HEALTHY_VIEW, master: member }, context).find((line) => line.startsWith("n1"));
    };
    expect(lineOf(9400)).toMatch(/ up +no write confirmed for 9\.4 s$/);
    expect(lineOf(900)).toMatch(/ up *$/);
    expect(lineOf(9400, { sdown: true, sdownForMs: 5000 })).not.toContain("confirmed");
  });

  it("before the first master says what it waits for", () => {
    expect(statusLines(EMPTY_VIEW, context).join("\n")).toMatchInlineSnapshot(`
      "mymaster  no master has ever been recorded

      NODE  ROLE  ADDRESS  POSITION  LAG  PROMISE  LEASE  STATE    NOTE
      n1    -     -        -         -    -        -      no link  never heard

      SENTINEL  ADDRESS          VOTED  MASTER IS  STATE
      (asked)   127.0.0.1:26379  0      unknown    up

      No failover is possible now:
        - n1 has never answered"
    `);
  });

  it("is coloured only where colours are wanted", () => {
    expect(statusLines(HEALTHY_VIEW, context).join("\n")).not.toContain("\u001b[");
    const coloured = statusLines(HEALTHY_VIEW, { ...context, terminal: { colours: true } });
    expect(coloured.join("\n")).toContain("\u001b[32mup\u001b[39m");
  });
});
