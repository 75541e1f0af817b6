// Who signs in: a page with one button per person, or at once the one that login_hint names.
// Consent is given without a question.

import { text } from "node:stream/consumers";
import { PAGE_HEADERS, signInPage } from "./pages.js";
import { personNamed } from "./provider.js";

async function grant(provider, { grantId, session, params, prompt }) {
  const given = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = prompt.details;
  if (missingOIDCScope) given.addOIDCScope(missingOIDCScope.join(" "));
  if (missingOIDCClaims) given.addOIDCClaims(missingOIDCClaims);
  for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) {
    given.addResourceScope(resource, scopes.join(" "));
  }
  return given.save();
}

export async function interact(provider, name, people, request, response) {
  const details = await provider.interactionDetails(request, response);
  const finish = (result) => provider.interactionFinished(request, response, result);
  if (details.prompt.name === "consent") {
    return finish({ consent: { grantId: await grant(provider, details) } });
  }
  const chosen =
    request.method === "POST"
      ? people.get(new URLSearchParams(await text(request)).get("person"))
      : personNamed(people, details.params.login_hint);
  if (chosen) {
    return finish({ login: { accountId: chosen.id }, select_account: {} });
  }
  const html = signInPage(name, details.params.client_id, [...people.values()], request.url);
  response.writeHead(request.method === "POST" ? 400 : 200, PAGE_HEADERS).end(html);
}
