#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace signet::config {

// arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE
struct Arn {
  std::string partition;
  std::string service;
  std::string region;
  std::string account;
  std::string resource;
};

// Each error is one sentence: what is wrong, and what would be right.

// arn:aws…:sagemaker:REGION:ACCOUNT:mlflow-app/app-…
std::expected<Arn, std::string> parse_mlflow_app_arn(std::string_view text);
// arn:aws…:sagemaker:REGION:ACCOUNT:mlflow-tracking-server/NAME
std::expected<Arn, std::string> parse_tracking_server_arn(std::string_view text);
// arn:aws…:iam::ACCOUNT:role/…, at most 2048 bytes
std::expected<Arn, std::string> parse_role_arn(std::string_view text);

// arn:aws…:iam::ACCOUNT:role/NAME, without a path (an assumed role's ARN has none: IAM user guide,
// "IAM identifiers"). The NAME may end in "*" behind at least one letter of its own.
std::expected<Arn, std::string> parse_role_pattern(std::string_view text);
// arn:aws…:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/NAME/ID
std::expected<Arn, std::string> parse_load_balancer_arn(std::string_view text);

// Where a load balancer's public keys are, for the partitions that AWS documents (aws, aws-us-gov;
// ELB user guide, "Authenticate users"); else the error says that `keys` must be given.
std::expected<std::string, std::string> load_balancer_keys(const Arn& arn);

// What AWS's own MLflow plug-in derives, for the partitions it knows (aws, aws-us-gov); else the
// error says that `endpoint` must be given.
std::expected<std::string, std::string> mlflow_app_endpoint(const Arn& arn);
std::expected<std::string, std::string> tracking_server_endpoint(const Arn& arn);

}  // namespace signet::config
