import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { renderAt } from "../../shared/testing";
import { Outcome } from "./UploadPart";
import { PackageProblem } from "./upload";

test("a refused package names each rule that it breaks, and how to mend it", async () => {
  const problem = {
    ...{ type: "/problems/package-refused", title: "Refused", status: 422, detail: "2 breaks" },
    breaks: [
      { name: "path", detail: "'../x' points out of the package", cure: "Remove it." },
      { name: "samples", detail: "there is no sample", cure: "Put one into samples/." },
    ],
  };
  const error = new PackageProblem(problem, 422);
  await renderAt("/mine", <Outcome state={{ kind: "refused", error }} />);

  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("'../x' points out of the package");
  expect(alert).toHaveTextContent("Put one into samples/.");
});
