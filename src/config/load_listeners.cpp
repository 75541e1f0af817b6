#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "config/load_parts.h"

namespace signet::config {

namespace {

// host:port with a numeric host or localhost; port 0 lets the kernel choose.
std::expected<runtime::Address, std::string> parse_listen_address(std::string_view text) {
  auto bad = [&](std::string_view why) {
    return std::unexpected(
        fmt::format("\"{}\" {}: write e.g. 127.0.0.1:8080 or [::1]:8080", text, why));
  };
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad("has no port");
  std::string_view host = text.substr(0, colon);
  std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const char* end = digits.data() + digits.size();
  auto [rest, error] = std::from_chars(digits.data(), end, port);
  if (error != std::errc() || rest != end || digits.empty()) {
    return bad("has no port from 0 to 65535");
  }
  if (host.find(':') != std::string_view::npos && !host.starts_with('[')) {
    return bad("is an IPv6 address without brackets");
  }
  if (host == "localhost") host = "127.0.0.1";
  auto address = runtime::Address::numeric(host, port);
  if (!address) return bad("is not an address of this machine");
  return *address;
}

// Everywhere only where people are known.
std::optional<runtime::Address> read_address(Section& section, std::string_view key,
                                             bool everywhere) {
  std::string text;
  if (!section.text(key, text)) return std::nullopt;
  auto address = parse_listen_address(text);
  if (!address) {
    section.problem(key, address.error());
    return std::nullopt;
  }
  if (!everywhere && !address->is_loopback()) {
    std::string_view why = key == "address" && section.path_of(key) == "admin.address"
                               ? "whoever reaches it is told how this gateway does"
                               : "without identity everybody may do everything";
    section.problem(key, fmt::format("{} can be reached from elsewhere, and {}: listen on "
                                     "127.0.0.1 or [::1]",
                                     text, why));
    return std::nullopt;
  }
  return *address;
}

bool is_taken(const Config& config, const runtime::Address& address) {
  return address.port() != 0 &&
         std::ranges::find(config.listen, Listener{address}) != config.listen.end();
}

}  // namespace

void load_listeners(Reader& reader, Section& top, Config& config) {
  bool given = top.has("listen");
  std::vector<const Node*> entries = top.list("listen");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    Section entry(reader, entries[i], fmt::format("listen[{}]", i));
    auto address = read_address(entry, "address", top.has("identity"));
    if (entry.present() && !entry.has("address")) {
      reader.problem(entries[i]->place, fmt::format("listen[{}] has no address: give one, e.g. "
                                                    "127.0.0.1:8080",
                                                    i));
    }
    entry.later({"tls", "redirect_to_https"});
    entry.close();
    if (!address) continue;
    if (is_taken(config, *address)) {
      entry.problem("address", fmt::format("{} is there twice: keep one", address->text()));
    } else {
      config.listen.push_back({*address});
    }
  }
  if (top.is_empty_list("listen")) {
    top.problem("listen",
                "the list is empty: give an address, or leave the key out for "
                "127.0.0.1:8080");
  }
  if (!given) config.listen.push_back({*runtime::Address::numeric("127.0.0.1", 8080)});

  Section admin = top.section("admin");
  auto address = read_address(admin, "address", false);
  config.admin = address ? *address : *runtime::Address::numeric("127.0.0.1", 9901);
  if (is_taken(config, config.admin)) {
    admin.problem("address", fmt::format("{} is a listener too: give admin another port",
                                         config.admin.text()));
  }
  admin.close();

  if (top.has("public_url") || config.listen.empty()) return;
  const runtime::Address& first = config.listen.front().address;
  if (!first.is_loopback()) {
    reader.problem(top.place_of("listen"),
                   "public_url is missing: give what people type, e.g. https://mlflow.example.com");
  } else if (first.port() != 0) {
    config.public_url = loopback_url(first);
  }
}

}  // namespace signet::config
