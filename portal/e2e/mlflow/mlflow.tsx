/** What matters of MLflow's page here: a hash router, a redirect at the start, links of all sorts. */
import { StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import {
  createHashRouter,
  Link,
  Navigate,
  Outlet,
  RouterProvider,
  useLocation,
  useNavigate,
} from "react-router";

const kSearch = "ajax-api/2.0/mlflow/experiments/search";

/** MLflow shows an error and does no more. */
async function searchWithFetch() {
  const answer = await fetch(kSearch);
  document.title = `Answer ${answer.status} - MLflow`;
}

function searchWithXhr() {
  const request = new XMLHttpRequest();
  request.open("GET", kSearch);
  request.send();
}

function Frame() {
  const { pathname, search, hash, state } = useLocation();
  const navigate = useNavigate();
  useEffect(() => {
    document.title = pathname === "/experiments" ? "MLflow" : `Page ${pathname} - MLflow`;
  }, [pathname]);
  return (
    <>
      <nav>
        <Link to="/experiments">Experiments</Link>
        <Link to="/experiments/7" state={{ from: "list" }}>
          Experiment 7
        </Link>
        <Link to="/experiments/7/runs/abc?x=y">Run abc</Link>
        <Link to="/models/a%2Fb">Model a/b</Link>
        <Link to={'/compare-runs?runs=["abc","def"]'}>Compare</Link>
        <a href="#/plain">Plain link</a>
        <a href="get-artifact/none" target="_blank" rel="noopener">
          New tab
        </a>
        <a href="/app/vision" target="_top">
          Top
        </a>
        <button type="button" onClick={() => navigate("?tab=2", { replace: true })}>
          Tab 2
        </button>
        <button type="button" onClick={() => navigate("/typed?q=1")}>
          Push
        </button>
        <button type="button" onClick={() => void searchWithFetch()}>
          Fetch
        </button>
        <button type="button" onClick={searchWithXhr}>
          XHR
        </button>
      </nav>
      <h1 data-testid="route">{pathname + search + hash}</h1>
      <p data-testid="state">{JSON.stringify(state)}</p>
      <Outlet />
    </>
  );
}

const router = createHashRouter([
  {
    element: <Frame />,
    children: [
      { index: true, element: <Navigate to="/experiments" replace /> },
      {
        path: "old",
        element: <Navigate to="/experiments/1/overview?workflowType=genai" replace />,
      },
      { path: "*", element: null },
    ],
  },
]);

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <RouterProvider router={router} />
  </StrictMode>,
);
