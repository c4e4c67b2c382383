import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { startTexts } from "./app/i18n";
import { styleWithNonce } from "./app/nonce";
import "./app/base.css";

const place = document.getElementById("root");
if (place === null) throw new Error("index.html has no #root");

styleWithNonce();
await startTexts();
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
