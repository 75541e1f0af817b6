#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "http/method.h"

namespace signet::access {

// What a caller needs for an operation: read → READ, use → USE, write → EDIT, delete → MANAGE,
// public → any signed-in person, admin and admin_read → administrators.
enum class Class : std::uint8_t { read, use, write, delete_, admin, admin_read, public_ };
std::string_view to_string(Class access);

// A part of the request that names what the operation acts on.
struct ScopeKey {
  enum class Where : std::uint8_t { query, body, path, header };
  Where where;
  std::string_view name;  // of the query key, JSON field, path parameter or header
  bool repeated;          // may lawfully be given several times, or is a JSON array
};

// One row of mlflow-endpoints.csv. Lives as long as the program; compare by address.
struct Endpoint {
  std::string_view operation;  // "createRun"
  std::string_view path;       // as in the csv, without the prefix: "/2.0/mlflow/runs/create"
  std::string_view resource;   // "run"
  std::string_view impl;       // where MLflow implements it
  std::span<const ScopeKey> scope_keys;
  http::Method method;
  Class access;
  // The path carries an artifact's path: the stricter path rules hold.
  bool is_artifact_path;
  // Answers with an artifact's or trace's data: attachment, nosniff, sandbox.
  bool is_data;
  // Below /mlflow-artifacts/: a managed MLflow does not serve it.
  bool is_artifact_service;
  // Multipart upload, /mlflow-artifacts/mpu/: a refusal needs a certain message.
  bool is_multipart;
  // Answered by this program, never sent on: users/current and ui-telemetry.
  bool is_answered_here;
};

struct Parameter {
  std::string_view name;   // as in the csv: "run_id"
  std::string_view value;  // still percent-encoded; never empty; a view into the path given
};

inline constexpr std::size_t kMaxParameters = 3;

struct Match {
  const Endpoint* endpoint = nullptr;  // null: unknown route
  std::array<Parameter, kMaxParameters> parameters{};
  std::size_t count = 0;

  explicit operator bool() const { return endpoint != nullptr; }
  const Endpoint* operator->() const { return endpoint; }
  std::span<const Parameter> captured() const { return {parameters.data(), count}; }
};

// The row that a request is about. `path` is normalised (http::normalise_path), without query, and
// begins below the app's mount: "/api/2.0/mlflow/runs/get", "/", "/graphql". HEAD is looked up as
// GET. Literal segments win over parameters. Case-sensitive; a trailing slash that the row has not,
// an empty segment or another method is an unknown route. Rows that the csv's notes say to deny are
// not in the table.
//
// A parameter for several segments ("{name:path}") ends before the first segment that is one of the
// literals which may follow it, and no later parameter may be one of these: there is one way to
// read a path, or none. Takes no memory; about 100 ns.
Match find(http::Method method, std::string_view path);

// Every row of the table, in the csv's order.
std::span<const Endpoint> all_endpoints();

}  // namespace signet::access
