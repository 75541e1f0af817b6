// The settings under which oidc-provider behaves as a company's sign-in does.

import { randomBytes } from "node:crypto";
import { interactionPolicy, Provider } from "oidc-provider";
import { errorPage, PAGE_HEADERS, signedOutPage, signOutPage } from "./pages.js";

const { base, Check, Prompt } = interactionPolicy;

const LIFETIMES = {
  AccessToken: 600,
  AuthorizationCode: 60,
  ClientCredentials: 600,
  Grant: 14 * 86400,
  IdToken: 600,
  Interaction: 600,
  RefreshToken: 86400,
  Session: 86400,
};

export function personNamed(people, hint) {
  return hint && [...people.values()].find(({ id, email }) => id === hint || email === hint);
}

function policyFor(people) {
  const policy = base();
  policy.get("login").checks.add(
    new Check("other_person", "login_hint names somebody else", ({ oidc }) => {
      const hinted = personNamed(people, oidc.params.login_hint);
      return Boolean(hinted) && oidc.session.accountId !== hinted.id;
    }),
  );
  policy.add(new Prompt({ name: "select_account", requestable: true }), 0);
  return policy;
}

function show(ctx, html) {
  ctx.set(PAGE_HEADERS);
  ctx.body = html;
}

/** Names that tests of several providers on one host, whose cookies browsers mix, need apart. */
function cookieNames(name) {
  const own = (kind) => `${name}_${kind}`;
  return { session: own("session"), interaction: own("interaction"), resume: own("resume") };
}

export class ProviderMaker {
  #settings;
  #people;
  #store;
  #cookieKeys = [randomBytes(32).toString("base64url")];

  constructor(settings, people, store) {
    this.#settings = settings;
    this.#people = people;
    this.#store = store;
  }

  /** One more generation: the same sessions, clients and people with these keys. */
  make(keys) {
    const provider = new Provider(this.#settings.issuer, this.#configuration(keys));
    provider.proxy = this.#settings.issuer.startsWith("https:");
    return provider;
  }

  #configuration(keys) {
    const { name, clients, audience, algorithms, lifetimes } = this.#settings;
    const refreshAlways = this.#settings.refresh_always;
    const people = this.#people;
    return {
      adapter: this.#store.adapter,
      clients,
      jwks: { keys },
      cookies: { keys: this.#cookieKeys, names: cookieNames(name) },
      ttl: { ...LIFETIMES, ...lifetimes },
      scopes: ["openid", "offline_access", "email", "profile", "groups"],
      claims: {
        openid: ["sub"],
        email: ["email", "email_verified"],
        profile: ["name"],
        groups: ["groups"],
      },
      conformIdTokenClaims: false, // the claims are in the ID token too
      enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "ES384", "EdDSA"] },
      responseTypes: ["code"],
      pkce: { required: () => true },
      rotateRefreshToken: true,
      issueRefreshToken: async (_ctx, client, code) =>
        client.grantTypeAllowed("refresh_token") &&
        (refreshAlways || code.scopes.has("offline_access")),
      findAccount: (_ctx, id) => account(people.get(id)),
      interactions: {
        url: (_ctx, interaction) => `/interaction/${interaction.uid}`,
        policy: policyFor(people),
      },
      features: {
        devInteractions: { enabled: false },
        backchannelLogout: { enabled: true },
        clientCredentials: { enabled: true },
        deviceFlow: { enabled: false },
        introspection: { enabled: true },
        revocation: { enabled: true },
        rpInitiatedLogout: {
          enabled: true,
          logoutSource: (ctx, form) => show(ctx, signOutPage(form, !ctx.oidc.entities.IdTokenHint)),
          postLogoutSuccessSource: (ctx) => show(ctx, signedOutPage()),
        },
        // Access tokens are JWTs when a program asks for itself, or when `resource` names them;
        // else they are for the userinfo endpoint.
        resourceIndicators: {
          enabled: true,
          defaultResource: (ctx) =>
            ctx.oidc.params?.grant_type === "client_credentials" ? audience : undefined,
          useGrantedResource: () => true,
          getResourceServerInfo: (_ctx, resource) => ({
            scope: "mlflow",
            audience: resource,
            accessTokenFormat: "jwt",
            jwt: { sign: { alg: algorithms[0] } },
          }),
        },
      },
      // The library refuses loopback addresses unless its dispatcher is left out.
      fetch: (url, { dispatcher: _refusesLoopback, ...options } = {}) => fetch(url, options),
      renderError: (ctx, out) => show(ctx, errorPage(out.error, out.error_description ?? "")),
    };
  }
}

function account(person) {
  return (
    person && {
      accountId: person.id,
      claims: () => ({
        sub: person.id,
        name: person.name,
        email: person.email,
        email_verified: person.email_verified,
        // Most providers leave the claim out for people without groups.
        ...(person.groups.length ? { groups: person.groups } : undefined),
      }),
    }
  );
}
