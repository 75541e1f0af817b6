import { useEffect } from "react";

/** Names the browser's tab: the most particular part first; empty parts are left out. */
export function useTitle(...parts: (string | undefined)[]) {
  const title = parts.filter((part) => part !== undefined && part !== "").join(" · ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}
