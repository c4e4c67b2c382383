import { expect, test } from "vitest";
import { grouped, type Hit, matches } from "./hits";

test("every word of the question has to be found, in whatever order and case", () => {
  expect(matches("audit GO", "Go to Audit")).toBe(true);
  expect(matches("浙江", "zhejiang", "浙江")).toBe(true);
  expect(matches("go store", "Go to Audit")).toBe(false);
});

test("capabilities come before acts, and no kind pushes the others out", () => {
  const hit = (group: Hit["group"], key: number): Hit => ({
    group,
    key: String(key),
    text: "",
    to: "/",
  });
  const many = [
    hit("acts", 0),
    ...Array.from({ length: 20 }, (_, key) => hit("capabilities", key)),
  ];

  const shown = grouped(many).map(({ group }) => group);

  expect(shown).toHaveLength(7);
  expect(shown.at(-1)).toBe("acts");
});
