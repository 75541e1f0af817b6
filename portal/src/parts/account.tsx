import ButtonDropdown, {
  type ButtonDropdownProps,
} from "@cloudscape-design/components/button-dropdown";
import { useState } from "react";
import { signOut, useMe } from "../api/account.ts";
import { leaveTo } from "../links/leave.ts";
import { kSignedOut, kTokens } from "../links/sign-in.ts";
import { useFollow } from "./follow.ts";

/** Who is signed in, and what they can do about it. Nothing where nobody signs in. */
export function Account() {
  const { data: me } = useMe();
  const follow = useFollow();
  const [leaving, setLeaving] = useState(false);
  const [failed, setFailed] = useState(false);
  if (me === undefined || me.means === "anonymous") return null;

  const { id } = me.person;
  const name = me.person.name || id;
  const items: ButtonDropdownProps.ItemOrGroup[] = [
    { id: "tokens", text: "My tokens", href: kTokens },
  ];
  // Other means than a session are not ours to end.
  if (me.means === "session") items.push({ id: "sign-out", text: "Sign out" });

  const leave = async () => {
    setLeaving(true);
    setFailed(false);
    try {
      leaveTo(await signOut(kSignedOut));
    } catch {
      setLeaving(false);
      setFailed(true);
    }
  };
  return (
    <>
      <span role="status">{failed && "Signing out failed: try again"}</span>
      <ButtonDropdown
        items={[{ text: id, items }]}
        loading={leaving}
        loadingText="Signing out"
        ariaLabel={`Account of ${name}`}
        onItemFollow={follow}
        onItemClick={({ detail }) => {
          if (detail.id === "sign-out") void leave();
        }}
      >
        <span className="bar-account">{name}</span>
      </ButtonDropdown>
    </>
  );
}
