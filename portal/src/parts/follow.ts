import { useCallback } from "react";
import { useNavigate } from "react-router";

interface FollowEvent {
  preventDefault(): void;
  detail: { href?: string | undefined; external?: boolean | undefined };
}

/** For Cloudscape's `onFollow`: a plain click on a link of ours stays in the page. */
export function useFollow() {
  const navigate = useNavigate();
  return useCallback(
    (event: FollowEvent) => {
      const { href, external } = event.detail;
      if (href === undefined || external) return;
      event.preventDefault();
      void navigate(href);
    },
    [navigate],
  );
}
