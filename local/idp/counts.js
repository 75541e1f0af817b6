// How often what happened.

const EVENTS = {
  "authorization.success": () => "authorizations",
  "authorization.error": () => "authorization_errors",
  "grant.success": (ctx) => `token_${ctx.oidc.params.grant_type}`,
  "grant.error": () => "token_errors",
  "grant.revoked": () => "grants_revoked",
  "end_session.success": () => "sign_outs",
  "backchannel.success": () => "backchannel_told",
  "backchannel.error": () => "backchannel_failed",
  "userinfo.error": () => "userinfo_errors",
  server_error: () => "server_errors",
};

export class Counts {
  #counts = {};

  add(what) {
    this.#counts[what] = (this.#counts[what] ?? 0) + 1;
  }

  reset() {
    this.#counts = {};
  }

  toJSON() {
    return this.#counts;
  }

  /** Counts the provider's events and logs those that carry an error. */
  watch(provider, log) {
    for (const [event, nameOf] of Object.entries(EVENTS)) {
      provider.on(event, (ctx, error) => {
        this.add(nameOf(ctx));
        if (error instanceof Error) {
          log({
            event,
            error: error.message,
            detail: error.error_detail,
            cause: error.cause?.message,
          });
        }
      });
    }
  }
}
