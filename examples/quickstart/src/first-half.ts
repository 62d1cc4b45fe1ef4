import { langchainAgent } from "./agents.ts";
import { openMemory } from "./memory.ts";
import { print } from "./print.ts";
import { modelAccess } from "./settings.ts";

const [path = "", url = ""] = process.argv.slice(2);
const spectron = await openMemory(path);
const ask = langchainAgent(spectron, modelAccess(url === "" ? undefined : url));

for (const text of [
  "Hi! My name is Alice and I work at Nimbus.",
  "I live in Braga.",
  "I love espresso, and I am allergic to peanuts.",
]) {
  print.said("Alice", text);
  print.said("LangChain", await ask(text));
}
await spectron.flush();
// every write above is acknowledged, so from here on the process may die in any way
process.send?.("acknowledged");
setInterval(() => undefined, 1000);
