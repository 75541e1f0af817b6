#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/access.h"
#include "config/cidr.h"
#include "config/identity.h"
#include "config/outbound_proxy.h"
#include "config/problem.h"
#include "config/secret.h"
#include "config/url.h"
#include "runtime/address.h"
#include "runtime/clock.h"

namespace signet::config {

// Plain values: what the file says, checked, with the defaults filled in. docs/configuration.md
// describes every key.

struct Listener {
  runtime::Address address;  // port 0: the kernel chooses
  bool operator==(const Listener&) const = default;
};

enum class Kind : std::uint8_t { sagemaker_app, sagemaker_tracking_server, mlflow };
std::string_view to_string(Kind kind);

struct App {
  std::string name;   // [a-z0-9][a-z0-9-]{0,62}
  std::string title;  // default: the name
  bool is_default = false;
  std::optional<Url> public_url;  // a host of its own
  Kind kind = Kind::mlflow;
  std::string arn;     // signed kinds only, as are region, role_arn and external_id
  std::string region;  // from the ARN
  Url endpoint;        // given, or derived from the ARN
  std::string role_arn;
  Secret external_id;
  Secret authorization;  // the whole header value; only kind mlflow
  Place place;           // of the entry, for problems found later

  bool is_signed() const { return kind != Kind::mlflow; }
};

struct Embedding {
  std::vector<std::string>
      frame_ancestors;  // CSP host sources, e.g. "https://intranet.example.com"
};

struct Portal {
  std::string title = "MLflow";
};

struct Outbound {
  std::string ca;      // path of a PEM file; "" for the system's store alone
  std::string ca_pem;  // its contents when the configuration was loaded
  OutboundProxy proxy;
};

struct State {
  std::string sqlite;  // path of the database; its folder is what is checked
  // How long what is known keeps being served while the store cannot be read.
  runtime::Duration max_stale = std::chrono::minutes(15);
  Place place;
};

struct Spool {
  std::string directory;
  std::uint64_t bytes = std::uint64_t{20} << 30;
  Place place;
};

enum class LogFormat : std::uint8_t { json, text };
enum class LogLevel : std::uint8_t { debug, info, warning, error };
std::string_view to_string(LogLevel level);

struct LogTarget {
  enum class To : std::uint8_t { standard_output, file, off };
  To to = To::standard_output;
  std::string path;  // of a file
  Place place;
  bool operator==(const LogTarget& other) const { return to == other.to && path == other.path; }
};

struct LogSettings {
  LogFormat format = LogFormat::json;
  LogLevel level = LogLevel::info;
  LogTarget access;
  LogTarget audit;
};

struct Limits {
  std::uint64_t header_bytes = 64 * 1024;
  std::uint32_t header_count = 128;
  std::uint64_t request_line = 32 * 1024;
  std::uint64_t body_bytes = std::uint64_t{5} << 30;
  std::uint64_t inspect_bytes = 8 << 20;
  std::uint64_t inspect_total = 256 << 20;
  // Buffers of all exchanges together: heads and streamed pieces.
  std::uint64_t memory = std::uint64_t{1} << 30;
  // Open client connections. This and exchanges are less when the user may have too few open files.
  std::uint32_t connections = 8192;
  std::uint32_t connections_per_address = 4096;  // of these, from one peer; at most `connections`
  std::uint32_t exchanges = 4096;                // requests being handled at once
  std::uint32_t origin_connections = 256;        // to each app's origin, over all loops
  std::uint32_t request_rate_per_person = 0;     // per second; 0: off
  std::uint32_t request_rate_per_address = 0;    // per second; 0: off
};

struct Timeouts {
  runtime::Duration tls = std::chrono::seconds(10);
  runtime::Duration header = std::chrono::seconds(10);
  runtime::Duration body_stall = std::chrono::seconds(30);
  runtime::Duration send_stall = std::chrono::seconds(60);
  runtime::Duration idle = std::chrono::seconds(75);
  runtime::Duration origin_connect = std::chrono::seconds(3);
  runtime::Duration origin_queue = std::chrono::seconds(5);
  runtime::Duration origin_response = std::chrono::seconds(120);
  runtime::Duration origin_stall = std::chrono::seconds(300);
  runtime::Duration origin_idle = std::chrono::seconds(4);
  runtime::Duration dns = std::chrono::seconds(5);
  runtime::Duration credentials = std::chrono::seconds(10);
  runtime::Duration drain = std::chrono::seconds(30);
};

struct Config {
  std::string file;
  // Not set when it was not given and the first listener's port is 0: then it is
  // loopback_url() of the address that was bound.
  std::optional<Url> public_url;
  std::vector<std::string> hosts;  // further authorities, as Url::authority() writes them
  std::vector<Listener> listen;    // at least one; all loopback in this version
  runtime::Address admin;
  std::vector<Cidr> trusted_proxies;
  unsigned workers = 0;  // 0: auto
  Portal portal;
  Embedding embedding;
  Outbound outbound;
  std::vector<App> apps;  // at least one; exactly one is_default
  Identity identity;
  Access access;
  State state;
  Spool spool;
  LogSettings log;
  Limits limits;
  Timeouts timeouts;
  Problems warnings;

  const App& default_app() const;
  const App* app(std::string_view name) const;
};

// http://ADDRESS:PORT
Url loopback_url(const runtime::Address& bound);

// What of `fresh` cannot take effect in a running gateway, e.g. "listen": empty when a reload may
// go on. Compares listen, admin, workers and state.
std::vector<std::string> needs_restart(const Config& running, const Config& fresh);

}  // namespace signet::config
