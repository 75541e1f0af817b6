#include "config/arn.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace signet::config {

namespace {

bool only(std::string_view text, bool (*lawful)(char)) {
  return !text.empty() && std::ranges::all_of(text, lawful);
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_letter_or_digit(char c) {
  return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z');
}
bool is_region_character(char c) {
  return is_lower(c) || is_digit(c) || c == '-';
}

bool is_partition(std::string_view text) {
  return text.starts_with("aws") && only(text, [](char c) { return is_lower(c) || c == '-'; });
}
bool is_account(std::string_view text) {
  return text.size() == 12 && only(text, is_digit);
}

// At most six parts; the last keeps its colons.
std::expected<Arn, std::string> split(std::string_view text) {
  std::array<std::string_view, 6> parts;
  std::string_view rest = text;
  for (std::size_t i = 0; i < 5; ++i) {
    std::size_t colon = rest.find(':');
    if (colon == std::string_view::npos) return std::unexpected("has fewer than six parts");
    parts[i] = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  parts[5] = rest;
  if (parts[0] != "arn") return std::unexpected("does not begin with arn:");
  if (!is_partition(parts[1])) return std::unexpected("has a partition that is not aws…");
  return Arn{std::string(parts[1]), std::string(parts[2]), std::string(parts[3]),
             std::string(parts[4]), std::string(parts[5])};
}

std::expected<Arn, std::string> parse_sagemaker(std::string_view text, std::string_view type,
                                                std::string_view shape,
                                                bool (*is_id)(std::string_view)) {
  auto bad = [&](std::string_view why) {
    return std::unexpected(fmt::format("\"{}\" {}: write {}", text, why, shape));
  };
  if (text.size() > 512) return bad("is too long");
  auto arn = split(text);
  if (!arn) return bad(arn.error());
  if (arn->service != "sagemaker") return bad("is not of the service sagemaker");
  if (!only(arn->region, is_region_character)) return bad("has no region");
  if (!is_account(arn->account)) return bad("has an account that is not 12 digits");
  std::string_view resource = arn->resource;
  if (!resource.starts_with(type))
    return bad(fmt::format("is not of the type {}", type.substr(0, type.size() - 1)));
  if (!is_id(resource.substr(type.size()))) return bad("has an id that cannot be");
  return arn;
}

std::expected<std::string_view, std::string> domain_suffix(const Arn& arn) {
  // What AWS's plug-in maps; it refuses every other partition.
  if (arn.partition == "aws" || arn.partition == "aws-us-gov") return "aws";
  return std::unexpected(
      fmt::format("no endpoint is known for the partition {}: give endpoint", arn.partition));
}

}  // namespace

std::expected<Arn, std::string> parse_mlflow_app_arn(std::string_view text) {
  return parse_sagemaker(text, "mlflow-app/", "arn:aws:sagemaker:REGION:ACCOUNT:mlflow-app/app-ID",
                         [](std::string_view id) {
                           return id.starts_with("app-") && only(id.substr(4), is_letter_or_digit);
                         });
}

std::expected<Arn, std::string> parse_tracking_server_arn(std::string_view text) {
  return parse_sagemaker(
      text, "mlflow-tracking-server/",
      "arn:aws:sagemaker:REGION:ACCOUNT:mlflow-tracking-server/NAME", [](std::string_view name) {
        return name.size() <= 256 && !name.starts_with('-') && !name.ends_with('-') &&
               only(name, [](char c) { return is_letter_or_digit(c) || c == '-'; });
      });
}

std::expected<Arn, std::string> parse_role_arn(std::string_view text) {
  auto bad = [&](std::string_view why) {
    return std::unexpected(
        fmt::format("\"{}\" {}: write arn:aws:iam::ACCOUNT:role/NAME", text, why));
  };
  if (text.size() > 2048) return bad("is longer than 2048 characters");
  auto arn = split(text);
  if (!arn) return bad(arn.error());
  if (arn->service != "iam" || !arn->region.empty()) return bad("is not of the service iam");
  if (!is_account(arn->account)) return bad("has an account that is not 12 digits");
  std::string_view resource = arn->resource;
  bool lawful = resource.starts_with("role/") && only(resource.substr(5), [](char c) {
                  return is_letter_or_digit(c) ||
                         std::string_view("_+=,.@-/").find(c) != std::string_view::npos;
                });
  if (!lawful || resource.ends_with('/')) return bad("is not a role");
  return arn;
}

std::expected<Arn, std::string> parse_role_pattern(std::string_view text) {
  auto bad = [&](std::string_view why, std::string_view right) {
    return std::unexpected(fmt::format("\"{}\" {}: {}", text, why, right));
  };
  const bool open = text.ends_with('*');
  auto arn = parse_role_arn(open ? text.substr(0, text.size() - 1) : text);
  const std::size_t star = text.find('*');
  if (star != std::string_view::npos && star + 1 != text.size()) {
    return bad("has a * before its end", "write it last, behind some of the name");
  }
  if (open && text.ends_with("/*")) {
    return bad("would let every role of the account in", "write some of the name before the *");
  }
  if (!arn) return arn;
  if (std::ranges::count(arn->resource, '/') != 1) {
    return bad("has a path, and AWS does not tell the path of a role that proves itself",
               "write role/NAME alone");
  }
  if (open) arn->resource += '*';
  return arn;
}

std::expected<Arn, std::string> parse_load_balancer_arn(std::string_view text) {
  auto bad = [&](std::string_view why) {
    return std::unexpected(fmt::format(
        "\"{}\" {}: write arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/NAME/ID",
        text, why));
  };
  if (text.size() > 512) return bad("is too long");
  auto arn = split(text);
  if (!arn) return bad(arn.error());
  if (arn->service != "elasticloadbalancing")
    return bad(
        "is not of the service Elastic Load "
        "Balancing");
  if (!only(arn->region, is_region_character)) return bad("has no region");
  if (!is_account(arn->account)) return bad("has an account that is not 12 digits");
  constexpr std::string_view kType = "loadbalancer/app/";
  std::string_view rest = arn->resource;
  if (!rest.starts_with(kType)) return bad("is not an Application Load Balancer");
  rest.remove_prefix(kType.size());
  const std::size_t slash = rest.find('/');
  const bool lawful =
      slash != std::string_view::npos && slash <= 32 &&
      only(rest.substr(slash + 1), is_letter_or_digit) &&
      only(rest.substr(0, slash), [](char c) { return is_letter_or_digit(c) || c == '-'; });
  if (!lawful) return bad("has a name or an id that cannot be");
  return arn;
}

std::expected<std::string, std::string> load_balancer_keys(const Arn& arn) {
  if (arn.partition == "aws") {
    return fmt::format("https://public-keys.auth.elb.{}.amazonaws.com", arn.region);
  }
  if (arn.partition == "aws-us-gov") {
    return fmt::format("https://s3-{0}.amazonaws.com/aws-elb-public-keys-prod-{0}", arn.region);
  }
  return std::unexpected(fmt::format(
      "where its public keys are is not known for the partition {}: give keys", arn.partition));
}

std::expected<std::string, std::string> mlflow_app_endpoint(const Arn& arn) {
  auto suffix = domain_suffix(arn);
  if (!suffix) return std::unexpected(std::move(suffix.error()));
  return fmt::format("https://mlflow.sagemaker.{}.app.{}", arn.region, *suffix);
}

std::expected<std::string, std::string> tracking_server_endpoint(const Arn& arn) {
  auto suffix = domain_suffix(arn);
  if (!suffix) return std::unexpected(std::move(suffix.error()));
  return fmt::format("https://{}.experiments.sagemaker.{}", arn.region, *suffix);
}

}  // namespace signet::config
