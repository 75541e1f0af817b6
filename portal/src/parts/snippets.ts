/** How a program reaches MLflow with a token, in the languages that MLflow's clients speak. */

export interface Reach {
  /** The tracking URI. */
  url: string;
  token: string;
}

export interface Snippet {
  id: string;
  label: string;
  text: string;
  /** What is to be done before the code helps. */
  first?: string;
}

export function snippets({ url, token }: Reach): Snippet[] {
  return [
    {
      id: "python",
      label: "Python",
      text: `import os

import mlflow

os.environ["MLFLOW_TRACKING_TOKEN"] = ${quoted(token)}
mlflow.set_tracking_uri(${quoted(url)})
mlflow.set_experiment("my first experiment")

with mlflow.start_run():
    mlflow.log_metric("accuracy", 0.93)`,
    },
    {
      id: "cli",
      label: "CLI",
      text: `${exported({ url, token })}
mlflow experiments search`,
    },
    {
      id: "r",
      label: "R",
      text: `Sys.setenv(MLFLOW_TRACKING_TOKEN = ${quoted(token)})

library(mlflow)
mlflow_set_tracking_uri(${quoted(url)})
mlflow_set_experiment("my first experiment")

with(mlflow_start_run(), {
  mlflow_log_metric("accuracy", 0.93)
})`,
    },
    {
      id: "curl",
      label: "curl",
      text: `${exported({ url, token })}
curl --fail-with-body \\
  --header "Authorization: Bearer $MLFLOW_TRACKING_TOKEN" \\
  "$MLFLOW_TRACKING_URI/api/2.0/mlflow/experiments/search?max_results=10"`,
    },
    {
      id: "actions",
      label: "GitHub Actions",
      first:
        "Save the token as a secret of the repository, called MLFLOW_TRACKING_TOKEN. It does not belong into the workflow itself.",
      text: `jobs:
  train:
    runs-on: ubuntu-latest
    env:
      MLFLOW_TRACKING_URI: ${quoted(url)}
      MLFLOW_TRACKING_TOKEN: \${{ secrets.MLFLOW_TRACKING_TOKEN }}
    steps:
      - uses: actions/checkout@v4
      - run: pip install mlflow
      - run: python train.py`,
    },
  ];
}

function exported({ url, token }: Reach) {
  return `export MLFLOW_TRACKING_URI=${inShell(url)}
export MLFLOW_TRACKING_TOKEN=${inShell(token)}`;
}

/** A string of Python, R and YAML alike. */
function quoted(text: string) {
  return JSON.stringify(text);
}

function inShell(text: string) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
