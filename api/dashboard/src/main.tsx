// Puts the page where it is shown.

import { QueryClientProvider } from "@tanstack/preact-query";
import { render } from "preact";
import { askAhead, queries } from "./api/queries.ts";
import { App } from "./app.tsx";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/parts.css";
import "./styles/pages.css";

const page = document.getElementById("page");
if (page) {
  askAhead();
  render(
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>,
    page,
  );
}
