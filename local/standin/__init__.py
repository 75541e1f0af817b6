"""The parts of AWS that Signet talks to, on loopback: STS and both SageMaker MLflow data planes."""
