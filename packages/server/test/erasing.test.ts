import { walk } from "@spectron/core";
import type { Spectron } from "@spectron/core";
import { createAdmin } from "@spectron/core/admin";
import { startTestService } from "@spectron/testing";
import { expect, test } from "vitest";

// #region erase-user
async function eraseUser(spectron: Spectron, scope: string): Promise<void> {
  const lens = [[scope]];
  const sessions = walk((page) => spectron.sessions.list({ lens, ...page }));
  for await (const { id } of sessions) await spectron.sessions.close(id, { purge: true });
  // facts outlive their conversation, and records never had one
  for (;;) {
    const { identity, knowledge, context, instructions } = await spectron.state({ lens });
    const facts = [identity, knowledge, context].flatMap((part) => [
      ...part.attributes,
      ...part.relations,
    ]);
    const ids = [...facts, ...instructions].map(({ id }) => id);
    if (ids.length === 0) break;
    await spectron.forget({ ids, purge: true });
  }
}
// #endregion

test("a user is erased by the sessions and the records of the scope, and others stay", async () => {
  const service = await startTestService();
  const { spectron } = service;
  for (const user of ["alice", "bob"]) {
    const scopes = [[`org/acme/user/${user}`]];
    const moved = "I live in Lisbon. I moved to Braga.";
    await spectron.facts.add({ text: moved, scopes });
    for (const externalId of [`${user}-1`, `${user}-2`]) {
      const session = await spectron.sessions.create({ externalId, scopes });
      await spectron.facts.batch({
        session_id: session.id,
        scopes,
        messages: [
          { role: "user", content: "I live in Braga. Always answer in French." },
          { role: "assistant", content: "Braga, noted." },
        ],
      });
    }
    await spectron.facts.add({ text: "I am allergic to peanuts.", scopes });
    await spectron.facts.add({
      infer: "triples",
      scopes,
      triples: [
        { entity: { type: "person", name: "user" }, key: "employer", value: "Nimbus" },
        {
          entity: { type: "person", name: "user" },
          key: "sister",
          target: { type: "person", name: "Rosa" },
        },
      ],
    });
  }
  await eraseUser(spectron, "org/acme/user/alice");

  const known = async (user: string): Promise<string> => {
    const lens = [[`org/acme/user/${user}`]];
    const { hits } = await spectron.query({ query: "Braga peanuts Nimbus Rosa French", lens });
    const state = await spectron.state({ lens });
    const parts = [state.identity, state.knowledge, state.context];
    const { entities } = createAdmin(spectron);
    return JSON.stringify([
      (await entities.list({ lens })).entities,
      (await entities.history("person", "user", "home_city", { lens }).catch(() => undefined))
        ?.history ?? [],
      hits.map(({ text }) => text),
      parts.flatMap((part) => [...part.attributes, ...part.relations]),
      state.instructions,
      state.unknowns,
    ]);
  };
  expect(await known("alice")).toBe("[[],[],[],[],[],[]]");
  const kept = await known("bob");
  for (const word of ["Lisbon", "Braga", "peanuts", "Nimbus", "rosa", "French"])
    expect(kept).toContain(word);
  await service.stop();
});
