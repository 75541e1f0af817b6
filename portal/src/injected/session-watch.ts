/**
 * The script that the gateway puts into MLflow's page, because MLflow itself does nothing about a
 * 401. Built to one file that always has the same name, `dist/static/session-watch.js`:
 *
 *     <script src="/signet/static/session-watch.js"></script>
 *
 * as the first script of the page: it must wrap `fetch` before MLflow takes hold of it. For an app
 * on a host of its own, `data-portal` names the portal's origin:
 *
 *     <script src="…" data-portal="https://mlflow.example.com"></script>
 */
import { watchSession } from "./watch-session.ts";

const portal = document.currentScript?.dataset.portal ?? window.location.origin;
watchSession(window, portal, (to) => window.location.replace(to));
