import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { resolveDates, writeDatesOut } from "./dates.ts";
import { splitSpeaker } from "./speaker.ts";

const AT = Date.UTC(2023, 4, 8, 13, 56);

describe("writeDatesOut", () => {
  test.each([
    ["I went there last Friday", "I went there last Friday [5 May 2023]"],
    ["I ran yesterday.", "I ran yesterday [7 May 2023]."],
    ["We met two weekends ago", "We met two weekends ago [weekend of 29 April 2023]"],
    ["I've lived here for 5 years", "I've lived here for 5 years [since 2018]"],
    ["I lived there for 5 years", "I lived there for 5 years"],
    ["We spoke last Tues", "We spoke last Tues [2 May 2023]"],
    ["I saw her the other day", "I saw her the other day [around 4 May 2023]"],
    ["last week", "last week [week of 1 May 2023]"],
    ["last month", "last month [April 2023]"],
    ["ten years ago", "ten years ago [2013]"],
    ["last summer", "last summer [summer 2022]"],
    ["last June", "last June [June 2022]"],
    ["On 5 May 2021 I left", "On 5 May 2021 I left"],
    ["in 2019", "in 2019"],
    ["I may go, the sun is out now", "I may go, the sun is out now"],
  ])("writes %j", (text, expected) => {
    expect(writeDatesOut(text, AT)).toBe(expected);
  });

  test("resolves the same in any time zone of the process", () => {
    const code = `const { writeDatesOut } = await import(${JSON.stringify(new URL("dates.ts", import.meta.url).href)}); console.log(writeDatesOut("yesterday and last Friday", ${Date.UTC(2023, 4, 8, 23, 30)}));`;
    for (const zone of ["UTC", "Pacific/Auckland", "America/Los_Angeles"]) {
      const output = execFileSync(process.execPath, ["--input-type=module", "-e", code], {
        env: { ...process.env, TZ: zone },
        encoding: "utf8",
      });
      expect(output.trim()).toBe("yesterday [7 May 2023] and last Friday [5 May 2023]");
    }
  });

  test("gives offsets of the words", () => {
    const [date] = resolveDates("I ran yesterday.", AT);
    expect(date).toMatchObject({
      text: "yesterday",
      start: 6,
      end: 15,
      from: Date.UTC(2023, 4, 7),
      precision: "day",
    });
  });
});

describe("splitSpeaker", () => {
  test.each(["Note: x", "Question: x", "http://a", "User: hi", "TODO: x", "plain text", "Ann:"])(
    "finds no speaker in %j",
    (text) => {
      expect(splitSpeaker(text)).toEqual({ bodyStart: 0 });
    },
  );

  test("reads one to three capitalised words", () => {
    expect(splitSpeaker("Ann: hi")).toEqual({ speaker: "Ann", bodyStart: 5 });
    expect(splitSpeaker("Ann Lee Roy: hi")).toEqual({ speaker: "Ann Lee Roy", bodyStart: 13 });
  });
});
