import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import type { ServerType } from "@hono/node-server";
import { createSpectron } from "@spectron/core";
import type { Spectron } from "@spectron/core";
import { embedded } from "@spectron/server";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createChatApp } from "../src/app.ts";
import { buildPage } from "../src/build-page.ts";

const executablePath = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => existsSync(path));

describe.skipIf(executablePath === undefined)(
  "the chat page (needs a Chromium in /usr/bin)",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "chat-page-"));
    let spectron: Spectron;
    let server: ServerType;
    let browser: Browser;
    let page: Page;
    beforeAll(async () => {
      spectron = createSpectron(await embedded({ path: join(folder, "memory.db") }));
      const app = createChatApp({
        spectron,
        page: relative(process.cwd(), await buildPage()),
        wordDelayMs: 5,
      });
      server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
      browser = await chromium.launch({
        executablePath: executablePath ?? "",
        args: ["--no-sandbox"],
      });
      page = await browser.newPage({ viewport: { width: 1200, height: 760 } });
      page.setDefaultTimeout(25_000);
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    });
    afterAll(async () => {
      await browser.close();
      server.close();
      await spectron.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const say = async (text: string): Promise<void> => {
      await page.getByRole("textbox").fill(text);
      await page.getByRole("textbox").press("Enter");
    };
    const answers = (): ReturnType<Page["locator"]> => page.locator(".message.assistant .text");
    const settled = async (): Promise<void> => {
      await page.getByRole("button", { name: "Regenerate" }).waitFor();
    };
    const receipt = (): ReturnType<Page["locator"]> =>
      page.getByRole("complementary", { name: "Receipt of the answer" });

    test("a told fact is stored, and the receipt says which and from which words", async () => {
      await say("I live in Braga.");
      await settled();
      await receipt().getByText("home_city: Braga").waitFor();
      expect(await receipt().textContent()).toMatch(/You said: “.*Braga/);
    });

    test("another chat remembers it, and the receipt says what was remembered and from where", async () => {
      await page.getByRole("button", { name: "New chat" }).click();
      await say("Where do I live?");
      await settled();
      expect(await answers().last().textContent()).toContain("Braga");
      await receipt().getByText("Remembered").waitFor();
      expect(await receipt().textContent()).toMatch(/Remembered[1-9]\d* entr/);
      expect(await receipt().textContent()).toMatch(/You said: “.*Braga/);
    });

    test("regenerating gives another answer, and memory holds what the page shows", async () => {
      const before = await answers().last().textContent();
      await page.getByRole("button", { name: "Regenerate" }).click();
      await page.waitForFunction(
        (text) =>
          [...document.querySelectorAll(".message.assistant .text")].at(-1)?.textContent !== text,
        before,
      );
      await settled();
      expect(await answers().count()).toBe(1);
      await spectron.flush();
      const [chat] = (await spectron.sessions.list({ limit: 1 })).sessions;
      const { turns } = await spectron.sessions.turns(chat?.id ?? "");
      expect(turns.map(({ content }) => content)).toEqual([
        "Where do I live?",
        await answers().last().textContent(),
      ]);
    });

    test("editing a message corrects memory", async () => {
      await page.getByRole("button", { name: "New chat" }).click();
      await say("I work at Nimbus.");
      await settled();
      await page.getByRole("button", { name: "Edit" }).click();
      await page.getByRole("textbox", { name: "Edit your message" }).fill("I work at Stratus.");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("I work at Stratus.").first().waitFor();
      await settled();
      await receipt().getByText("Stratus").first().waitFor();
      const state = JSON.stringify(await spectron.state({ lens: [["org/acme/user/alice"]] }));
      expect(state).toContain("Stratus");
      expect(state).not.toContain("Nimbus");
    });

    test("a stopped answer ends at once and is not stored", async () => {
      await page.getByRole("button", { name: "New chat" }).click();
      await say("Tell me a story.");
      await answers().first().waitFor();
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByRole("button", { name: "Send" }).waitFor();
      expect(await answers().last().textContent()).not.toContain("The end.");
    });

    test("every control has a name, and the page has one heading, one main part and the receipt beside it", async () => {
      for (const control of await page.locator("button, input").all())
        expect(
          await control.evaluate(
            (node) => (node as HTMLInputElement).labels?.length || node.textContent,
          ),
        ).toBeTruthy();
      expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
      expect(await page.getByRole("main").count()).toBe(1);
      expect(await receipt().count()).toBe(1);
    });
  },
);
