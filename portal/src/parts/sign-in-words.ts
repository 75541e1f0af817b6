interface Failure {
  text: string;
  /** Trying again as the same person would fail again: ask for another one. */
  another: boolean;
}

export const kSignInFailed: Failure = {
  text: "Signing in did not work. Trying again may help.",
  another: false,
};

/** What the gateway's codes mean to people. Any other text of an address is never shown. */
export const kSignInErrors: ReadonlyMap<string, Failure> = new Map([
  ["denied", { text: "The sign-in was cancelled, or it was denied there.", another: false }],
  [
    "unavailable",
    { text: "The sign-in service cannot be reached. Try again in a moment.", another: false },
  ],
  ["expired", { text: "The sign-in took too long, or it was used already.", another: false }],
  [
    "not_allowed",
    {
      text: "This account may not sign in here. Use another one, or ask those who run this gateway.",
      another: true,
    },
  ],
  [
    "unverified_email",
    {
      text: "The email address of this account is not verified. Verify it where the account is kept.",
      another: true,
    },
  ],
  ["failed", kSignInFailed],
]);
