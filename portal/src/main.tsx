import "@cloudscape-design/global-styles/index.css";
import "./portal.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { followSystemLook } from "./look.ts";
import { Portal } from "./portal.tsx";

followSystemLook();
const place = document.getElementById("portal");
if (place === null) throw new Error("index.html has no #portal");
createRoot(place).render(
  <StrictMode>
    <Portal />
  </StrictMode>,
);
