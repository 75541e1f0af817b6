"""The AWS account that moto holds: one user with a key, and the roles it may assume."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from .keys import Key


@dataclass(frozen=True)
class Role:
    name: str
    external_id: str


def create_account(moto: str, roles: list[Role]) -> Key:
    """Creates user, key and roles, then switches moto's signature check on and sees it refuse."""
    settings = {
        "endpoint_url": moto,
        "region_name": "us-east-1",
        "config": Config(retries={"max_attempts": 0}),
    }
    iam = boto3.client("iam", aws_access_key_id="setup", aws_secret_access_key="setup", **settings)
    user = iam.create_user(UserName="signet")["User"]
    allow_assume = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}],
    }
    iam.put_user_policy(
        UserName="signet", PolicyName="assume", PolicyDocument=json.dumps(allow_assume)
    )
    made = iam.create_access_key(UserName="signet")["AccessKey"]
    for role in roles:
        trust: dict[str, object] = {
            "Effect": "Allow",
            "Principal": {"AWS": user["Arn"]},
            "Action": "sts:AssumeRole",
        }
        if role.external_id:
            trust["Condition"] = {"StringEquals": {"sts:ExternalId": role.external_id}}
        document = {"Version": "2012-10-17", "Statement": [trust]}
        iam.create_role(RoleName=role.name, AssumeRolePolicyDocument=json.dumps(document))
    # As a form, moto would parse the number away.
    switch_on = urllib.request.Request(
        f"{moto}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}
    )
    urllib.request.urlopen(switch_on, timeout=10).close()
    _see_it_refuse(made["AccessKeyId"], settings)
    return Key(made["AccessKeyId"], made["SecretAccessKey"], None, None, None)


def _see_it_refuse(access_key: str, settings: dict[str, object]) -> None:
    sts = boto3.client(
        "sts", aws_access_key_id=access_key, aws_secret_access_key="wrong", **settings
    )
    try:
        sts.get_caller_identity()
    except ClientError as error:
        if error.response["Error"]["Code"] == "SignatureDoesNotMatch":
            return
        raise
    raise RuntimeError("moto accepted a wrong signature: its check is off")
