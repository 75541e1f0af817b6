import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import type { App } from "../api/apps.ts";
import { Code } from "./code.tsx";

interface Props {
  app: App | null;
  onDismiss: () => void;
}

/** How a script or a notebook reaches this app. */
export function PythonDialog({ app, onDismiss }: Props) {
  const url = app?.url ?? "";
  return (
    <Modal
      visible={app !== null}
      onDismiss={onDismiss}
      size="large"
      header={`Use ${app?.title ?? ""} from Python`}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onDismiss}>
            Done
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Box variant="p">
          The ordinary <Box variant="code">mlflow</Box> client works as it is: it only needs to know
          the tracking URI. No AWS credentials are needed on your machine.
        </Box>
        <Tabs
          tabs={[
            { id: "notebook", label: "Python or notebook", content: <Code text={inPython(url)} /> },
            { id: "shell", label: "Shell", content: <Code text={inShell(url)} /> },
            { id: "powershell", label: "PowerShell", content: <Code text={inPowerShell(url)} /> },
          ]}
        />
      </SpaceBetween>
    </Modal>
  );
}

function inPython(url: string) {
  return `import mlflow

mlflow.set_tracking_uri("${url}")
mlflow.set_experiment("my first experiment")

with mlflow.start_run():
    mlflow.log_metric("accuracy", 0.93)`;
}

function inShell(url: string) {
  return `export MLFLOW_TRACKING_URI=${url}
python train.py`;
}

function inPowerShell(url: string) {
  return `$env:MLFLOW_TRACKING_URI = "${url}"
python train.py`;
}
