#include "access/endpoint.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace signet::access {
namespace {

using http::Method;

// One line of the csv; its fields hold no quotes but in the columns after `scope_key`.
std::vector<std::string> csv_fields(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  return fields;
}

std::vector<std::vector<std::string>> csv_rows() {
  std::ifstream file(SIGNET_SOURCE_DIR "/src/access/mlflow-endpoints.csv");
  std::vector<std::vector<std::string>> rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    if (!line.empty()) rows.push_back(csv_fields(line));
  }
  return rows;
}

// The row's path with a value for each parameter, and those values by name.
std::string with_values(const std::string& path, std::map<std::string, std::string>& values) {
  std::string out;
  for (std::size_t at = 0; at < path.size();) {
    if (path[at] != '{' && path[at] != '<') {
      out += path[at++];
      continue;
    }
    std::size_t end = path.find_first_of("}>", at);
    std::string name = path.substr(at + 1, end - at - 1);
    bool several = name.starts_with("path:") || name.ends_with(":path") || name == "path" ||
                   name == "artifact_path";
    if (name.starts_with("path:")) name = name.substr(5);
    if (name.ends_with(":path")) name = name.substr(0, name.size() - 5);
    std::string value = several ? "first%20" + name + "/second.txt" : "value-of_" + name + "%3D";
    values[name] = value;
    out += value;
    at = end + 1;
  }
  return out;
}

Method method_named(const std::string& name) {
  Method method = http::method_from(name);
  EXPECT_NE(method, Method::other) << name;
  return method;
}

bool is_denied(const std::vector<std::string>& row) {
  const std::string& notes = row[11];
  return notes.ends_with("; deny") || notes.ends_with("Deny this spelling");
}

std::vector<std::string> prefixes_of(const std::string& column) {
  if (column == "api+ajax") return {"/api", "/ajax-api"};
  if (column == "api") return {"/api"};
  if (column == "ajax") return {"/ajax-api"};
  return {""};
}

TEST(Endpoints, EveryRowOfTheTableIsFound) {
  std::size_t tried = 0;
  std::size_t denied = 0;
  for (const auto& row : csv_rows()) {
    ASSERT_EQ(row.size(), 12u) << row[0] << row[2];
    std::map<std::string, std::string> values;
    std::string path = with_values(row[2], values);
    Method method = method_named(row[1]);
    for (const std::string& prefix : prefixes_of(row[0])) {
      SCOPED_TRACE(testing::Message() << row[1] << " " << prefix << path);
      std::string address = prefix + path;
      Match match = find(method, address);
      if (is_denied(row)) {
        EXPECT_FALSE(match);
        ++denied;
        continue;
      }
      ASSERT_TRUE(match);
      EXPECT_EQ(match->operation, row[3]);
      EXPECT_EQ(to_string(match->access), row[4]);
      EXPECT_EQ(match->resource, row[5]);
      EXPECT_EQ(match->method, method);
      ASSERT_EQ(match.count, values.size());
      for (const Parameter& parameter : match.captured()) {
        EXPECT_EQ(parameter.value, values[std::string(parameter.name)]) << parameter.name;
      }
      for (const ScopeKey& key : match->scope_keys) {
        if (key.where == ScopeKey::Where::path) {
          EXPECT_TRUE(values.contains(std::string(key.name))) << key.name;
        }
      }
      if (method == Method::get) EXPECT_EQ(find(Method::head, address).endpoint, match.endpoint);
      ++tried;
    }
  }
  EXPECT_GT(tried, 500u);
  EXPECT_EQ(denied, 4u);
}

TEST(Endpoints, NearMissesAreUnknown) {
  for (const auto& row : csv_rows()) {
    if (is_denied(row) || row[2] == "/") continue;
    std::map<std::string, std::string> values;
    std::string path = with_values(row[2], values);
    Method method = method_named(row[1]);
    bool several = row[2].ends_with("path}") || row[2].ends_with("path>");
    // These are rows under a parameter, where another last segment is another value.
    bool open = several || row[2].ends_with("}");
    for (const std::string& prefix : prefixes_of(row[0])) {
      std::string address = prefix + path;
      SCOPED_TRACE(row[1] + " " + address);
      std::string other_slash =
          address.ends_with('/') ? address.substr(0, address.size() - 1) : address + "/";
      EXPECT_FALSE(find(method, other_slash));
      EXPECT_FALSE(find(method, address + "//"));
      EXPECT_FALSE(find(method, "/" + address));
      EXPECT_FALSE(find(method, address.substr(1)));
      EXPECT_FALSE(find(method, "/apps/research" + address));
      // Below these anything longer is a value.
      if (!several && !address.contains("/mcp-servers") &&
          !address.contains("/mlflow-artifacts/artifacts")) {
        EXPECT_FALSE(find(method, address + "/nothing/of/the/kind"));
      }
      if (!open) {
        std::string last_letter = address;
        last_letter.back() = '~';
        Match other = find(method, last_letter);
        EXPECT_TRUE(!other || other->path.ends_with("}") || other->path.ends_with(">"));
      }
      std::string upper = address;
      std::ranges::transform(upper, upper.begin(),
                             [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
      EXPECT_FALSE(find(method, upper));
      for (Method never : {Method::options, Method::connect, Method::trace, Method::other}) {
        EXPECT_FALSE(find(never, address));
      }
    }
  }
}

TEST(Endpoints, UnknownRoutes) {
  struct Case {
    Method method;
    std::string_view path;
  };
  for (auto [method, path] : std::vector<Case>{
           {Method::post, "/api/2.0mlflow/experiments/search-datasets"},
           {Method::post, "/ajax-api/2.0mlflow/experiments/search-datasets"},
           {Method::post, "/api/2.0/mlflow/experiments/search-datasets"},
           {Method::get, "/graphql"},
           {Method::get, "/build/index.html"},
           {Method::get, ""},
           {Method::get, "//"},
           {Method::get, "/api"},
           {Method::get, "/api/"},
           {Method::get, "/ajax-api/"},
           {Method::get, "/api//"},
           {Method::post, "/"},
           {Method::get, "/2.0/mlflow/runs/get"},
           {Method::get, "/api/graphql"},
           {Method::get, "/ajax-api/get-artifact"},
           {Method::get, "/API/2.0/mlflow/runs/get"},
           {Method::get, "/api/2.0/mlflow/runs/Get"},
           {Method::get, "/api/2.0/mlflow//runs/get"},
           {Method::get, "/api/1.0/mlflow/runs/get"},
           {Method::post, "/api/2.0/mlflow/runs/get"},
           {Method::put, "/api/2.0/mlflow/runs/create"},
           {Method::get, "/static-files"},
           {Method::get, "/static-files/"},
           {Method::get, "/static-filesx/main.js"},
           {Method::post, "/static-files/main.js"},
           {Method::get, "/healthz"},
           {Method::get, "/get-artifact/x"},
           {Method::get, "/api/2.0/mlflow-artifacts/artifacts/"},
           {Method::get, "/api/2.0/mlflow-artifacts/artifacts/a//b"},
           {Method::post, "/api/2.0/mlflow-artifacts/mpu/create"},
           {Method::post, "/api/2.0/mlflow-artifacts/mpu/other/1/2"},
           {Method::post, "/gateway/gemini/v1beta/models/:generateContent"},
           {Method::post, "/gateway/gemini/v1beta/models/m:other"},
           {Method::post, "/ajax-api/3.0/jobs"},
           {Method::get, "/api/4.0/mlflow/traces/location"},
           {Method::get, "/docs"},
           {Method::get, "/openapi.json"},
       }) {
    EXPECT_FALSE(find(method, path)) << path;
  }
}

TEST(Endpoints, ParametersTakeWhatTheyShould) {
  struct Case {
    Method method;
    std::string_view path;
    std::string_view operation;
    std::vector<std::string_view> values;
  };
  for (const Case& c : std::vector<Case>{
           // A literal wins, but only where it has the method.
           {Method::get, "/api/3.0/mlflow/traces/get", "getTrace", {}},
           {Method::post, "/api/3.0/mlflow/traces/search", "searchTracesV3", {}},
           {Method::get, "/api/3.0/mlflow/traces/search", "getTraceInfoV3", {"search"}},
           {Method::get,
            "/api/2.0/mlflow-artifacts/artifacts/1/abc/artifacts/a%20b.txt",
            "downloadArtifact",
            {"1/abc/artifacts/a%20b.txt"}},
           {Method::get, "/api/2.0/mlflow-artifacts/artifacts", "listArtifacts", {}},
           {Method::put, "/ajax-api/2.0/mlflow-artifacts/artifacts/x", "uploadArtifact", {"x"}},
           {Method::delete_,
            "/api/2.0/mlflow/logged-models/m-1/tags/team",
            "deleteLoggedModelTag",
            {"m-1", "team"}},
           // Names of MCP servers hold a slash; what may follow them ends them.
           {Method::get, "/api/3.0/mlflow/mcp-servers/io.x/y", "getMcpServer", {"io.x/y"}},
           {Method::get, "/api/3.0/mlflow/mcp-servers/endpoints", "searchAllAccessEndpoints", {}},
           {Method::delete_,
            "/api/3.0/mlflow/mcp-servers/io.x/y/versions/1.0/tags/a/b",
            "deleteMcpServerVersionTag",
            {"io.x/y", "1.0", "a/b"}},
           {Method::delete_,
            "/api/3.0/mlflow/mcp-servers/io.x/y/tags/k",
            "deleteMcpServerTag",
            {"io.x/y", "k"}},
           {Method::post,
            "/gateway/gemini/v1beta/models/m%201:streamGenerateContent",
            "gatewayInvoke",
            {"m%201"}},
           {Method::post, "/gateway/proxy/e/v1/chat", "gatewayRawProxy", {"e", "v1/chat"}},
           {Method::post, "/ajax-api/3.0/jobs/", "submitJob", {}},
           {Method::get, "/", "serveUi", {}},
           {Method::head, "/", "serveUi", {}},
       }) {
    Match match = find(c.method, c.path);
    ASSERT_TRUE(match) << c.path;
    EXPECT_EQ(match->operation, c.operation) << c.path;
    ASSERT_EQ(match.count, c.values.size()) << c.path;
    for (std::size_t i = 0; i < match.count; ++i) {
      EXPECT_EQ(match.parameters[i].value, c.values[i]) << c.path;
    }
  }
  // A DELETE of "name" must not be taken for one of something below it, nor the other way round.
  for (std::string_view ambiguous :
       {"io.x/y/versions", "a/versions/b/versions/c", "a/versions/tags", "a/tags/x/tags/y",
        "a/endpoints/versions", "a/aliases/tags", "a/versions/b/tags/versions"}) {
    std::string path = "/api/3.0/mlflow/mcp-servers/" + std::string(ambiguous);
    EXPECT_FALSE(find(Method::delete_, path)) << path;
  }
}

TEST(Endpoints, Classification) {
  struct Case {
    Method method;
    std::string_view path;
    std::string_view marks;  // artifact path, data, artifact service, multipart, answered here
  };
  for (auto [method, path, marks] : std::vector<Case>{
           {Method::get, "/get-artifact", "d"},
           {Method::get, "/model-versions/get-artifact", "d"},
           {Method::get, "/api/2.0/mlflow-artifacts/artifacts/1/a", "pds"},
           {Method::get, "/api/2.0/mlflow-artifacts/artifacts", "s"},
           {Method::put, "/api/2.0/mlflow-artifacts/artifacts/1/a", "ps"},
           {Method::delete_, "/api/2.0/mlflow-artifacts/artifacts/1/a", "ps"},
           {Method::post, "/api/2.0/mlflow-artifacts/mpu/create/1/a", "psm"},
           {Method::post, "/api/2.0/mlflow-artifacts/mpu/abort/1/a", "psm"},
           {Method::get, "/api/2.0/mlflow-artifacts/presigned/1/a", "ps"},
           {Method::get, "/ajax-api/2.0/mlflow/logged-models/m/artifacts/files", "d"},
           {Method::get, "/ajax-api/2.0/mlflow/get-trace-artifact", "d"},
           {Method::get, "/ajax-api/3.0/mlflow/get-trace-artifact", "d"},
           {Method::get, "/ajax-api/2.0/mlflow/users/current", "h"},
           {Method::get, "/ajax-api/3.0/mlflow/ui-telemetry", "h"},
           {Method::post, "/ajax-api/3.0/mlflow/ui-telemetry", "h"},
           {Method::get, "/static-files/js/main.js", ""},
           {Method::get, "/api/2.0/mlflow/artifacts/list", ""},
           {Method::get, "/", ""},
           {Method::post, "/graphql", ""},
       }) {
    Match match = find(method, path);
    ASSERT_TRUE(match) << path;
    std::string got;
    if (match->is_artifact_path) got += 'p';
    if (match->is_data) got += 'd';
    if (match->is_artifact_service) got += 's';
    if (match->is_multipart) got += 'm';
    if (match->is_answered_here) got += 'h';
    EXPECT_EQ(got, marks) << path;
  }
}

TEST(Endpoints, ScopeKeys) {
  auto keys = [](Method method, std::string_view path) {
    std::string text;
    for (const ScopeKey& key : find(method, path)->scope_keys) {
      text += "qbph"[static_cast<std::size_t>(key.where)];
      text += ':';
      text += key.name;
      text += key.repeated ? "[] " : " ";
    }
    return text;
  };
  EXPECT_EQ(keys(Method::post, "/api/2.0/mlflow/runs/log-metric"),
            "b:run_id b:run_uuid b:model_id ");
  EXPECT_EQ(keys(Method::get, "/get-artifact"), "q:run_uuid q:run_id q:path ");
  EXPECT_EQ(keys(Method::post, "/api/2.0/mlflow/runs/search"), "b:experiment_ids[] b:filter ");
  EXPECT_EQ(keys(Method::get, "/ajax-api/2.0/mlflow/metrics/get-history-bulk"),
            "q:run_id[] q:metric_key ");
  EXPECT_EQ(keys(Method::post, "/v1/traces"), "h:x-mlflow-experiment-id h:x-mlflow-run-id ");
  EXPECT_EQ(keys(Method::post, "/mcp"), "");
  EXPECT_EQ(keys(Method::get, "/version"), "");
}

TEST(Endpoints, HostileLengthsEndQuickly) {
  std::string versions = "/api/3.0/mlflow/mcp-servers";
  std::string deep = "/api/3.0/mlflow/mcp-servers/x";
  for (int i = 0; i < 8000; ++i) {
    versions += "/a/versions";
    deep += "/y";
  }
  EXPECT_FALSE(find(Method::get, versions));
  EXPECT_TRUE(find(Method::get, deep));
  EXPECT_FALSE(find(Method::post, deep));
  std::string long_segment = "/api/2.0/mlflow/" + std::string(100000, 'r');
  EXPECT_FALSE(find(Method::get, long_segment));
}

}  // namespace
}  // namespace signet::access
