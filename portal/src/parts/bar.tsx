import type { MouseEvent, ReactNode } from "react";
import { useNavigate } from "react-router";
import { kPortal } from "../links/address.ts";
import mark from "../mark.svg";
import { Account } from "./account.tsx";
import { kFallbackTitle } from "./words.ts";

interface Props {
  title: string | undefined;
  children?: ReactNode;
  actions?: ReactNode;
  /** Leaves out who is signed in, on pages for those who are not. */
  isPublic?: boolean;
}

/** The slim bar on top of every page: where am I, where else can I go. */
export function Bar({ title, children, actions, isPublic = false }: Props) {
  const navigate = useNavigate();
  const goHome = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void navigate(kPortal);
  };
  return (
    <header className="bar awsui-context-top-navigation">
      <a className="bar-home" href={kPortal} onClick={goHome}>
        <img src={mark} alt="" width="24" height="24" />
        <span className="bar-title">{title ?? kFallbackTitle}</span>
      </a>
      {children !== undefined && (
        <nav className="bar-here" aria-label="Apps">
          {children}
        </nav>
      )}
      <div className="bar-actions">
        {actions}
        {!isPublic && <Account />}
      </div>
    </header>
  );
}
