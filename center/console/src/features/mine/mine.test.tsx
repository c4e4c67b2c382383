import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { renderAt } from "../../shared/testing";
import { Rows } from "./MinePage";
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

test("of hundreds of capabilities the first stand there, and more of them on demand", async () => {
  const rows = Array.from({ length: 120 }, (_, index) => {
    const name = `capability-${index}`;
    const item = { name, version: "1.0.0", stage: "published", titles: { zh: name, en: name } };
    return item as Schemas["CapabilityView"];
  });
  await renderAt("/mine", <Rows rows={rows} cards={new Map()} />);

  // By text: to find roles among hundreds of cells takes many seconds.
  fireEvent.click(await screen.findByText(/70 left/));
  expect(screen.getByText("capability-99")).toBeInTheDocument();
  expect(screen.queryByText("capability-100")).toBeNull();
  fireEvent.click(screen.getByText(/20 left/));
  expect(screen.getByText("capability-119")).toBeInTheDocument();
  expect(screen.queryByText(/ left/)).toBeNull();
});
