/** express-session over connect-redis, on node-redis's sentinel client: people stay logged in while the master is killed. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { RedisStore } from "connect-redis";
import express, { type Request, type Response } from "express";
import session from "express-session";
import { createSentinel } from "redis";
import { expect, it } from "vitest";
import { eventually, WriteLoad } from "../cluster/redis-clients.ts";
import { processScene, type UpCluster } from "../process/up-cluster.ts";
import { failOverUnder } from "./fail-over.ts";

const scene = processScene();
/** One after the other, before the fault and after it. */
const CALLS = 50;

declare module "express-session" {
  interface SessionData {
    user: string;
    views: number;
  }
}

/** By itself express-session answers also when the session could not be saved. */
function answerSaved(request: Request, response: Response, body: object): void {
  request.session.save((error) => {
    if (error == null) response.json(body);
    else response.status(503).end();
  });
}

/** @returns its address. */
async function serveSite(cluster: UpCluster): Promise<string> {
  const client = createSentinel(cluster.nodeRedisOptions());
  client.on("error", () => {});
  await client.connect();
  scene.atEnd(() => client.destroy());
  const site = express();
  const store = new RedisStore({ client });
  site.use(session({ store, resave: false, saveUninitialized: false, secret: "a secret" }));
  site.post("/login/:user", (request, response) => {
    request.session.user = request.params.user;
    request.session.views = 0;
    answerSaved(request, response, {});
  });
  site.get("/", (request, response) => {
    const { user } = request.session;
    if (user === undefined) {
      response.status(401).end();
      return;
    }
    const views = (request.session.views ?? 0) + 1;
    request.session.views = views;
    answerSaved(request, response, { user, views });
  });
  const server = site.listen(0, "127.0.0.1");
  scene.atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function logIn(site: string, user: string): Promise<string> {
  const response = await eventually(
    async () => {
      const answer = await fetch(`${site}/login/${user}`, { method: "POST" });
      return answer.ok ? answer : undefined;
    },
    () => `the login of ${user}`,
  );
  const [cookie = ""] = response.headers.getSetCookie();
  expect(cookie).toContain("connect.sid=");
  return cookie.slice(0, cookie.indexOf(";"));
}

it("nobody is logged out, and no page view that was answered is forgotten", async () => {
  const cluster = await scene.up();
  const site = await serveSite(cluster);
  const [busy, idle] = [await logIn(site, "busy"), await logIn(site, "idle")];
  const page = async (cookie: string): Promise<{ user: string; views: number }> => {
    const response = await fetch(site, { headers: { cookie } });
    if (response.status === 401) loggedOut += 1;
    if (!response.ok) throw new Error(`answered ${response.status}`);
    return (await response.json()) as { user: string; views: number };
  };
  let loggedOut = 0;
  const views: number[] = [];
  const load = new WriteLoad(
    async () => views.push((await page(busy)).views),
    () => {},
    { lanes: 1 },
  );
  await scene.writing(load, CALLS);
  await failOverUnder(cluster, load, CALLS);

  expect(loggedOut).toBe(0);
  expect(views.filter((seen, at) => seen <= (views[at - 1] ?? 0))).toEqual([]);
  const idlePage = await eventually(
    () => page(idle),
    () => "the page of who was idle",
  );
  expect(idlePage.user).toBe("idle");
});
