"""Signs the mlflow client in to a Signet gateway.

`signet-login URL` signs a person in; with MLFLOW_TRACKING_AUTH=signet the mlflow client then sends
the token, and only to that gateway. `SignetAuth` does the same for any other use of requests.
"""

from __future__ import annotations

from .auth import SignetAuth
from .errors import SignetError, SignInNeeded

__all__ = ["SignInNeeded", "SignetAuth", "SignetError"]
