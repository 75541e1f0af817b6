#include "front/client_address.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace signet::front {

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

// An entry of X-Forwarded-For: an address, in brackets or with a port where load balancers add one.
std::optional<runtime::Address> entry_address(std::string_view entry) {
  entry = trim(entry);
  if (auto plain = runtime::Address::numeric(entry, 0)) return plain;
  std::size_t colon = entry.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view port = entry.substr(colon + 1);
  bool digits = !port.empty() && port.size() <= 5 &&
                std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return std::nullopt;
  return runtime::Address::numeric(entry.substr(0, colon), 0);
}

}  // namespace

runtime::Address client_address(const runtime::Address& peer, const http::Fields& fields,
                                std::span<const config::Cidr> trusted_proxies) {
  auto trusted = [&](const runtime::Address& address) {
    return std::ranges::any_of(trusted_proxies,
                               [&](const config::Cidr& block) { return block.contains(address); });
  };
  runtime::Address client = peer;
  if (trusted_proxies.empty() || !trusted(client)) return client;
  for (std::size_t i = fields.size(); i-- > 0;) {
    if (fields[i].id != http::FieldId::x_forwarded_for) continue;
    std::string_view list = fields[i].value;
    while (true) {
      std::size_t comma = list.rfind(',');
      bool last = comma == std::string_view::npos;
      auto hop = entry_address(last ? list : list.substr(comma + 1));
      if (!hop) return client;
      client = *hop;
      if (!trusted(client)) return client;
      if (last) break;
      list = list.substr(0, comma);
    }
  }
  return client;
}

}  // namespace signet::front
