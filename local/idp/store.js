// What the provider remembers: in memory, shared by the generations of a provider whose keys rotate.

const GRANTABLE = ["AccessToken", "AuthorizationCode", "RefreshToken", "DeviceCode"];

class ModelStore {
  #entries;
  #store;

  constructor(store, entries) {
    this.#store = store;
    this.#entries = entries;
  }

  async upsert(id, payload, expiresIn) {
    const expires = expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000;
    this.#entries.set(id, { payload, expires });
    if (payload.kind === "Session") this.#store.sessionIds.set(payload.uid, id);
  }

  async find(id) {
    const entry = this.#entries.get(id);
    return entry && entry.expires > Date.now() ? entry.payload : undefined;
  }

  async findByUid(uid) {
    return this.find(this.#store.sessionIds.get(uid));
  }

  async findByUserCode() {
    return undefined;
  }

  async consume(id) {
    this.#entries.get(id).payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    const uid = this.#entries.get(id)?.payload.uid;
    if (uid && this.#store.sessionIds.get(uid) === id) this.#store.sessionIds.delete(uid);
    this.#entries.delete(id);
  }

  async revokeByGrantId(grantId) {
    this.#store.revokeGrant(grantId);
  }
}

export class Store {
  sessionIds = new Map();
  #models = new Map();

  constructor() {
    setInterval(() => this.#forgetExpired(), 60_000).unref();
  }

  /** The provider's `adapter` setting: one store per kind of thing. */
  adapter = (model) => new ModelStore(this, this.#entriesOf(model));

  /** The ids of the sessions in which `person` is signed in. */
  sessionsOf(person) {
    return [...this.#entriesOf("Session")]
      .filter(([, entry]) => entry.payload.accountId === person)
      .map(([id]) => id);
  }

  revokeGrant(grantId) {
    this.#revoke((token) => token.grantId === grantId);
  }

  revokePerson(person) {
    this.#revoke((token) => token.accountId === person);
  }

  #revoke(meant) {
    for (const entries of GRANTABLE.map((model) => this.#entriesOf(model))) {
      for (const [id, { payload }] of entries) {
        if (meant(payload)) entries.delete(id);
      }
    }
  }

  #entriesOf(model) {
    if (!this.#models.has(model)) this.#models.set(model, new Map());
    return this.#models.get(model);
  }

  #forgetExpired() {
    for (const entries of this.#models.values()) {
      for (const [id, entry] of entries) {
        if (entry.expires <= Date.now()) entries.delete(id);
      }
    }
    const sessions = this.#entriesOf("Session");
    for (const [uid, id] of this.sessionIds) {
      if (!sessions.has(id)) this.sessionIds.delete(uid);
    }
  }
}
