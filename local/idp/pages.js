// The provider's pages: no inline script or style.

import { readFileSync } from "node:fs";

// Without form-action: browsers apply it to the redirects that follow, up to the application.
const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'";
export const PAGE_HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": POLICY,
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

function asset(name, type) {
  return { body: readFileSync(new URL(`static/${name}`, import.meta.url)), type };
}

export const ASSETS = {
  "/static/style.css": asset("style.css", "text/css"),
  "/static/submit.js": asset("submit.js", "text/javascript"),
};

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function safe(text) {
  return String(text).replace(/[&<>"']/g, (character) => ESCAPES[character]);
}

function page(title, content, script = "") {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${safe(title)}</title>
<link rel="stylesheet" href="/static/style.css">${script}
</head>
<body>
<main>
<h1>${safe(title)}</h1>
${content}
</main>
</body>
</html>
`;
}

function personButton({ id, name, groups }) {
  const about = groups.length ? groups.join(", ") : "no group";
  return `<li><button name="person" value="${safe(id)}">${safe(name)}
<small>${safe(about)}</small></button></li>`;
}

export function signInPage(provider, client, people, action) {
  return page(
    "Sign in",
    `<p>${safe(provider)} asks who you are, for <strong>${safe(client)}</strong>. No password: choose a person.</p>
<form method="post" action="${safe(action)}">
<ul>
${people.map(personButton).join("\n")}
</ul>
</form>`,
  );
}

/** `form` is the library's, with the id op.logoutForm. `asked` is whether to wait for a click. */
export function signOutPage(form, asked) {
  const script = asked ? "" : '\n<script src="/static/submit.js" defer></script>';
  return page(
    "Sign out",
    `${form}
<button form="op.logoutForm" name="logout" value="yes">Sign out</button>`,
    script,
  );
}

export function signedOutPage() {
  return page("Signed out", "<p>You are signed out.</p>");
}

export function errorPage(error, description) {
  return page("This did not work", `<p><code>${safe(error)}</code></p><p>${safe(description)}</p>`);
}
