import { expect, test } from "vitest";
import { toBody } from "./rules";

const ZONE = "Asia/Shanghai";

test("quiet hours belong to what is sent at once, and a time to a digest", () => {
  const given = {
    severity: "warning",
    channel: "email",
    target: "a@b.cn",
    from: "22:00",
    to: "07:00",
  };
  const atOnce = toBody({ ...given, channel: "email", timing: "at-once" }, ZONE);
  const digest = toBody({ ...given, channel: "email", timing: "digest", digest: "09:30" }, ZONE);

  expect([atOnce.quiet_from, atOnce.quiet_to, atOnce.timing]).toEqual([
    "22:00",
    "07:00",
    "at-once",
  ]);
  expect([digest.quiet_from, digest.digest_at, digest.timing]).toEqual([null, "09:30", "digest"]);
});

test("the bell tells at once, whatever the form held before", () => {
  const body = toBody(
    { severity: "notice", channel: "console", timing: "digest", from: "22:00", to: "07:00" },
    ZONE,
  );

  expect([body.timing, body.quiet_from]).toEqual(["at-once", null]);
});
