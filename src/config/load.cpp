#include "config/load.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/load_parts.h"
#include "config/reader.h"

namespace signet::config {

namespace {

void load_hosts(Reader& reader, Section& top, Config& config) {
  for (const Node* entry : top.list("hosts")) {
    auto text = text_of(reader, *entry, "hosts");
    if (!text) continue;
    auto host = parse_host_and_port(*text);
    if (!host) {
      reader.problem(entry->place, fmt::format("hosts: {}", host.error()));
    } else if (std::ranges::find(config.hosts, *host) != config.hosts.end()) {
      reader.problem(entry->place, fmt::format("hosts: {} is there twice: keep one", *host));
    } else {
      config.hosts.push_back(std::move(*host));
    }
  }
}

void load_trusted_proxies(Reader& reader, Section& top, Config& config) {
  for (const Node* entry : top.list("trusted_proxies")) {
    auto text = text_of(reader, *entry, "trusted_proxies");
    if (!text) continue;
    auto range = Cidr::parse(*text);
    if (range) {
      config.trusted_proxies.push_back(*range);
    } else {
      reader.problem(entry->place, fmt::format("trusted_proxies: {}", range.error()));
    }
  }
}

void load_workers(Section& top, Config& config) {
  const Node* value = top.get("workers");
  if (value == nullptr || (value->scalar == ScalarType::text && value->text == "auto")) return;
  std::uint32_t workers = 0;
  if (value->scalar == ScalarType::integer) {
    if (top.count("workers", workers, 1, 256)) config.workers = workers;
  } else {
    top.problem("workers", "write auto or a whole number from 1 to 256");
  }
}

void load_portal(Section portal, Config& config) {
  if (portal.text("title", config.portal.title) && config.portal.title.size() > 200) {
    portal.problem("title", "longer than 200 bytes: shorten it");
  }
  portal.close();
}

// CSP Level 3 §2.3.1 host-source, narrowed to scheme, host (perhaps "*.") and port.
void load_embedding(Reader& reader, Section embedding, Config& config) {
  for (const Node* entry : embedding.list("frame_ancestors")) {
    auto text = text_of(reader, *entry, "embedding.frame_ancestors");
    if (!text) continue;
    if (*text == "*") {
      reader.problem(entry->place,
                     "embedding.frame_ancestors: \"*\" would let every page frame this one: name "
                     "the pages, e.g. https://intranet.example.com");
      continue;
    }
    std::string plain = *text;
    std::size_t star = plain.find("://*.");
    if (star != std::string::npos) plain.erase(star + 3, 2);
    auto url = parse_url(plain);
    if (url && url->path.empty()) {
      std::string source = url->origin();
      if (star != std::string::npos) source.insert(source.find("://") + 3, "*.");
      config.embedding.frame_ancestors.push_back(std::move(source));
    } else {
      reader.problem(entry->place, fmt::format("embedding.frame_ancestors: {}",
                                               url ? "leave the path out" : url.error()));
    }
  }
  embedding.later({"cors_origins"});
  embedding.close();
}

// What needs no proxy: names, ".domain" for all below it, and ranges of addresses.
void load_direct(Section& outbound, OutboundProxy& proxy) {
  for (const std::string& entry : outbound.texts("no_proxy", 255)) {
    if (auto range = Cidr::parse(entry)) {
      proxy.direct_addresses.push_back(*range);
      continue;
    }
    const std::string_view name = std::string_view(entry).substr(entry.starts_with('.') ? 1 : 0);
    auto host = parse_host_and_port(name);
    if (!host || host->contains(':') || host->contains('[')) {
      outbound.problem("no_proxy",
                       fmt::format("\"{}\" is neither a name, nor .domain, nor a range of "
                                   "addresses such as 10.0.0.0/8",
                                   entry));
      continue;
    }
    proxy.direct_names.push_back(entry.starts_with('.') ? "." + *host : *host);
  }
}

void load_proxy(Section& outbound, OutboundProxy& proxy) {
  std::string text;
  if (outbound.text("proxy", text)) {
    auto url = parse_url(text);
    if (!url) {
      outbound.problem("proxy", url.error());
    } else if (url->https || !url->path.empty()) {
      outbound.problem("proxy",
                       "write http://HOST:PORT: the proxy itself is asked by plain HTTP, "
                       "and what goes through it is encrypted to its end");
    } else {
      proxy.host = url->host;
      proxy.port = url->port;
    }
  }
  load_direct(outbound, proxy);
}

void load_outbound(Reader& reader, Section outbound, Config& config) {
  if (outbound.text("ca", config.outbound.ca)) {
    auto pem = reader.environment().read_file(config.outbound.ca, std::size_t{4} << 20);
    if (!pem) {
      outbound.problem("ca", fmt::format("cannot read {}: {}", config.outbound.ca, pem.error()));
    } else if (pem->find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
      outbound.problem("ca", fmt::format("{} holds no certificate: give a PEM file of one or more",
                                         config.outbound.ca));
    } else {
      config.outbound.ca_pem = std::move(*pem);
    }
  }
  load_proxy(outbound, config.outbound.proxy);
  outbound.close();
}

// $STATE_DIRECTORY may name several folders, as systemd writes it; the first is ours.
std::string default_state_folder(const Environment& environment) {
  if (auto folder = environment.variable("STATE_DIRECTORY"); folder && !folder->empty()) {
    return folder->substr(0, folder->find(':'));
  }
  if (auto base = environment.variable("XDG_STATE_HOME"); base && base->starts_with('/')) {
    return *base + "/signet";
  }
  if (auto home = environment.variable("HOME"); home && !home->empty()) {
    return *home + "/.local/state/signet";
  }
  return {};
}

void load_folders(Reader& reader, Section& top, Config& config) {
  std::string folder = default_state_folder(reader.environment());
  Section state = top.section("state");
  config.state.place = state.place_of("sqlite");
  if (!state.text("sqlite", config.state.sqlite) && !state.has("sqlite")) {
    config.state.sqlite = folder + "/state.db";
    if (folder.empty() && !state.has("dynamodb")) {
      reader.problem(config.state.place,
                     "state.sqlite is not given and there is no $STATE_DIRECTORY, $XDG_STATE_HOME "
                     "or $HOME to put it under: give it");
    }
  }
  state.duration("max_stale", config.state.max_stale, std::chrono::seconds(1),
                 std::chrono::hours(24));
  state.later({"dynamodb"});
  state.close();

  Section spool = top.section("spool");
  config.spool.place = spool.place_of("directory");
  if (!spool.text("directory", config.spool.directory) && !spool.has("directory")) {
    config.spool.directory = folder + "/spool";
    if (folder.empty()) {
      reader.problem(config.spool.place,
                     "spool.directory is not given and there is no $STATE_DIRECTORY, "
                     "$XDG_STATE_HOME or $HOME to put it under: give it");
    }
  }
  spool.size("bytes", config.spool.bytes, 1 << 20, std::uint64_t{1} << 50);
  spool.close();
}

void load_log_target(Section& log, std::string_view key, LogTarget& target) {
  std::string text;
  if (!log.text(key, text)) return;
  if (text == "stdout" || text == "off") {
    target.to = text == "off" ? LogTarget::To::off : LogTarget::To::standard_output;
  } else if (text.find('/') != std::string::npos && !text.ends_with('/')) {
    target = {LogTarget::To::file, text, log.place_of(key)};
  } else {
    log.problem(key, fmt::format("\"{}\" is neither stdout nor off nor a file: a file's path has a "
                                 "slash, e.g. /var/log/signet/access.log",
                                 text));
  }
}

void load_log(Section log, Config& config) {
  if (auto format = log.choice("format", {"json", "text"})) {
    config.log.format = static_cast<LogFormat>(*format);
  }
  if (auto level = log.choice("level", {"debug", "info", "warning", "error"})) {
    config.log.level = static_cast<LogLevel>(*level);
  }
  load_log_target(log, "access", config.log.access);
  load_log_target(log, "audit", config.log.audit);
  if (config.identity.given && config.log.audit.to == LogTarget::To::off) {
    log.problem("audit", "what people do is recorded where they are known: write stdout or a file");
  }
  log.close();
}

void load_top(Reader& reader, Section& top, Config& config) {
  std::string public_url;
  if (top.text("public_url", public_url)) {
    auto url = parse_url(public_url);
    if (!url) {
      top.problem("public_url", url.error());
    } else if (!url->path.empty()) {
      top.problem("public_url", fmt::format("it has a path: write {}", url->origin()));
    } else {
      config.public_url = std::move(*url);
    }
  }
  load_hosts(reader, top, config);
  load_listeners(reader, top, config);
  load_trusted_proxies(reader, top, config);
  load_workers(top, config);
  load_portal(top.section("portal"), config);
  load_embedding(reader, top.section("embedding"), config);
  load_outbound(reader, top.section("outbound"), config);
  load_apps(reader, top, config);
  load_folders(reader, top, config);
  load_limits(reader, top.section("limits"), config);
  load_timeouts(top.section("timeouts"), config);
  load_identity(reader, top, config);
  load_access(reader, top, config);
  load_log(top.section("log"), config);
  top.later({"discover"});
  top.close();
}

}  // namespace

std::expected<Config, Problems> load_text(const std::string& path, std::string_view text,
                                          const Environment& environment) {
  auto document = parse_document(path, text);
  if (!document) return std::unexpected(std::move(document.error()));
  const Node& root = document->nodes[document->root];
  if (root.type == Node::Type::scalar && root.scalar == ScalarType::null) {
    return std::unexpected(Problems{
        {path,
         {},
         "the file is empty: write at least apps with one entry of name, kind, endpoint"}});
  }
  Reader reader(path, *document, environment);
  for (const Problem& twice : document->duplicates)
    reader.problem(twice.place, twice.what);
  Config config;
  config.file = path;
  Section top(reader, &root, "");
  if (top.present()) load_top(reader, top, config);
  if (reader.failed()) return std::unexpected(reader.take_problems());
  config.warnings = reader.take_warnings();
  return config;
}

std::expected<Config, Problems> load(const std::string& path, const Environment& environment) {
  auto text = environment.read_file(path, kMaxDocumentBytes);
  if (!text) {
    return std::unexpected(
        Problems{{path, {}, fmt::format("cannot read the configuration: {}", text.error())}});
  }
  return load_text(path, *text, environment);
}

}  // namespace signet::config
