#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "config/arn.h"
#include "config/load_parts.h"

namespace signet::config {

namespace {

// AWS's bounds of ExternalId (STS AssumeRole).
bool is_external_id(std::string_view text) {
  auto lawful = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_+=,.@:/-").find(c) != std::string_view::npos;
  };
  return text.size() >= 2 && text.size() <= 1224 && std::ranges::all_of(text, lawful);
}

// An app of the name of a page or a folder of the portal's own would never be reached.
constexpr std::array<std::string_view, 6> kPortalNames{"assets", "device",     "sign-in",
                                                       "static", "signed-out", "tokens"};

class AppReader {
 public:
  AppReader(Reader& reader, const Node& node, std::size_t index)
      : reader_(reader),
        node_(node),
        name_(fmt::format("apps[{}]", index)),
        entry_(reader, &node, name_) {}

  // Whether the entry is a mapping at all.
  bool read(App& app, bool& marked_default) {
    if (!entry_.present()) return false;
    app.place = node_.place;
    read_name(app);
    entry_.boolean("default", marked_default);
    app.is_default = marked_default;
    read_public_url(app);
    auto kind = entry_.choice("kind", {"sagemaker-app", "sagemaker-tracking-server", "mlflow"});
    if (!entry_.has("kind")) {
      missing("kind", "sagemaker-app, sagemaker-tracking-server or mlflow");
    }
    if (kind) app.kind = static_cast<Kind>(*kind);
    read_arn(app, kind.has_value());
    read_endpoint(app, kind.has_value());
    read_role(app, kind.has_value());
    entry_.secret("authorization", app.authorization);
    if (kind && app.is_signed()) refuse("authorization", "only goes with kind mlflow");
    entry_.later({"sessions", "workspaces", "artifacts"});
    entry_.close();
    return true;
  }

 private:
  void missing(std::string_view key, std::string_view right) {
    reader_.problem(node_.place, fmt::format("{} has no {}: give {}", name_, key, right));
  }

  void refuse(std::string_view key, std::string_view why) {
    if (entry_.has(key)) entry_.problem(key, fmt::format("{}: leave it out", why));
  }

  void read_name(App& app) {
    if (!entry_.has("name")) missing("name", "one, e.g. research");
    if (entry_.text("name", app.name) && !is_path_name(app.name)) {
      entry_.problem("name", fmt::format("\"{}\" is not a name for a path: write up to 63 "
                                         "lower-case letters, digits and hyphens, no hyphen first",
                                         app.name));
    }
    if (std::ranges::find(kPortalNames, app.name) != kPortalNames.end()) {
      entry_.problem(
          "name",
          fmt::format("\"{}\" is a page or a folder of the portal: use another name", app.name));
    }
    if (!entry_.text("title", app.title)) app.title = app.name;
    if (app.title.size() > 200) entry_.problem("title", "longer than 200 bytes: shorten it");
  }

  void read_public_url(App& app) {
    std::string text;
    if (!entry_.text("public_url", text)) return;
    auto url = parse_url(text);
    if (!url) {
      entry_.problem("public_url", url.error());
    } else if (!url->path.empty()) {
      entry_.problem("public_url", fmt::format("it has a path: write {}", url->origin()));
    } else {
      app.public_url = std::move(*url);
    }
  }

  void read_arn(App& app, bool kind_known) {
    bool given = entry_.text("arn", app.arn);
    if (!kind_known) return;
    if (!app.is_signed()) {
      refuse("arn", "only goes with the SageMaker kinds");
      return;
    }
    if (!entry_.has("arn")) missing("arn", "the ARN of what this app is at SageMaker");
    if (!given) return;
    auto arn = app.kind == Kind::sagemaker_app ? parse_mlflow_app_arn(app.arn)
                                               : parse_tracking_server_arn(app.arn);
    if (!arn) {
      entry_.problem("arn", arn.error());
      return;
    }
    app.region = arn->region;
    if (entry_.has("endpoint")) return;
    auto endpoint = app.kind == Kind::sagemaker_app ? mlflow_app_endpoint(*arn)
                                                    : tracking_server_endpoint(*arn);
    if (endpoint) {
      app.endpoint = *parse_url(*endpoint);
    } else {
      entry_.problem("arn", endpoint.error());
    }
  }

  void read_endpoint(App& app, bool kind_known) {
    std::string text;
    bool given = entry_.text("endpoint", text);
    if (kind_known && !app.is_signed() && !entry_.has("endpoint")) {
      missing("endpoint", "the address of the MLflow server, e.g. http://127.0.0.1:5000");
    }
    if (!given) return;
    auto url = parse_url(text);
    if (!url) {
      entry_.problem("endpoint", url.error());
      return;
    }
    app.endpoint = std::move(*url);
    if (!kind_known || app.endpoint.https || app.endpoint.is_loopback()) return;
    if (app.is_signed()) {
      entry_.problem("endpoint",
                     "requests with credentials go over https: write https://, or a "
                     "loopback address");
    } else {
      reader_.warning(entry_.place_of("endpoint"),
                      fmt::format("{}: plain http leaves this machine, so everybody on the way can "
                                  "read and change it: better https://",
                                  entry_.path_of("endpoint")));
    }
  }

  void read_role(App& app, bool kind_known) {
    bool role = entry_.text("role_arn", app.role_arn);
    bool external = entry_.secret("external_id", app.external_id);
    if (kind_known && !app.is_signed()) {
      refuse("role_arn", "only goes with the SageMaker kinds");
      refuse("external_id", "only goes with the SageMaker kinds");
      return;
    }
    if (role) {
      auto arn = parse_role_arn(app.role_arn);
      if (!arn) entry_.problem("role_arn", arn.error());
    }
    if (external && !is_external_id(app.external_id.reveal())) {
      entry_.problem("external_id", "not what AWS allows: 2 to 1224 letters, digits and _+=,.@:/-");
    }
    if (external && !entry_.has("role_arn")) {
      entry_.problem("external_id",
                     "says how to assume a role, and there is none: give role_arn "
                     "or leave it out");
    }
  }

  Reader& reader_;
  const Node& node_;
  std::string name_;
  Section entry_;
};

// Browsers keep cookies and storage apart by host, so an app's own must be nobody else's.
void check_hosts(Reader& reader, const Config& config) {
  std::map<std::string, std::string> taken;
  if (config.public_url) taken.emplace(config.public_url->host, "public_url");
  for (const App& app : config.apps) {
    if (!app.public_url) continue;
    auto [other, fresh] = taken.emplace(app.public_url->host, fmt::format("app {}", app.name));
    if (!fresh) {
      reader.problem(app.place,
                     fmt::format("app {}: public_url has the host {} of {}: give it one of its own",
                                 app.name, other->first, other->second));
    }
    if (std::ranges::find(config.hosts, app.public_url->authority()) != config.hosts.end()) {
      reader.problem(app.place, fmt::format("app {}: public_url is one of hosts: keep it in one "
                                            "place",
                                            app.name));
    }
  }
}

}  // namespace

bool is_path_name(std::string_view name) {
  auto lawful = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= 63 && name.front() != '-' &&
         std::ranges::all_of(name, lawful);
}

void load_apps(Reader& reader, Section& top, Config& config) {
  std::vector<const Node*> entries = top.list("apps");
  if (!top.has("apps")) {
    reader.problem({},
                   "apps is missing: give at least one entry of name, kind and endpoint or arn");
  } else if (top.is_empty_list("apps")) {
    top.problem("apps", "the list is empty: give at least one entry");
  }
  std::map<std::string, int> lines;
  const Node* marked = nullptr;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    App app;
    bool is_default = false;
    if (!AppReader(reader, *entries[i], i).read(app, is_default)) continue;
    if (is_default && marked != nullptr) {
      reader.problem(entries[i]->place,
                     fmt::format("a second default app, the first is at line {}: mark one only",
                                 marked->place.line));
    } else if (is_default) {
      marked = entries[i];
    }
    if (!app.name.empty()) {
      auto [first, fresh] = lines.emplace(app.name, entries[i]->place.line);
      if (!fresh) {
        reader.problem(entries[i]->place,
                       fmt::format("a second app named {}, the first is at line {}: give each its "
                                   "own name",
                                   app.name, first->second));
      }
    }
    config.apps.push_back(std::move(app));
  }
  if (marked == nullptr && !config.apps.empty()) config.apps.front().is_default = true;
  check_hosts(reader, config);
}

}  // namespace signet::config
