import type { App } from "../api/apps.ts";

export const kKinds: Record<App["kind"], string> = {
  "sagemaker-app": "SageMaker MLflow App",
  "sagemaker-tracking-server": "SageMaker tracking server",
  mlflow: "MLflow server",
};

export const kStates = {
  available: { type: "success", text: "Available" },
  unavailable: { type: "error", text: "Not answering" },
  unknown: { type: "pending", text: "Not checked yet" },
} as const satisfies Record<App["state"], { type: string; text: string }>;

export const kFallbackTitle = "MLflow";
