#include "gateway/cross_site.h"

#include <algorithm>
#include <array>

namespace signet::gateway {

using http::FieldId;
using http::Method;

namespace {

// Whatever the method: a query of GraphQL may come by GET, and a page of another site has no
// business at either address.
bool guards_reads_too(std::string_view path) {
  return path.ends_with("/graphql") || path.ends_with("/v1/traces");
}

}  // namespace

std::optional<std::string_view> cross_site_reason(const http::RequestHead& head,
                                                  const OwnHost& host) {
  bool reads =
      head.method == Method::get || head.method == Method::head || head.method == Method::options;
  if (reads && !guards_reads_too(head.target.path)) return std::nullopt;
  if (head.fields.count(FieldId::sec_fetch_site) > 1 || head.fields.count(FieldId::origin) > 1) {
    return "Sec-Fetch-Site or Origin is repeated";
  }
  if (const http::Field* site = head.fields.find(FieldId::sec_fetch_site)) {
    if (site->value != "same-origin" && site->value != "none") {
      return "Sec-Fetch-Site is neither same-origin nor none";
    }
  }
  const http::Field* origin = head.fields.find(FieldId::origin);
  if (origin != nullptr && !is_same_origin(origin->value, head.authority, host)) {
    return "Origin is not the origin that was asked";
  }
  return std::nullopt;
}

std::optional<std::string_view> isolation_reason(const http::RequestHead& head,
                                                 const Route& route) {
  if (head.fields.has(FieldId::service_worker)) return "a service worker's script was asked for";
  if (!route.operation || !route.operation->is_data) return std::nullopt;
  static constexpr std::array<std::string_view, 9> kCodeOrDocument{
      "script", "style", "worker", "sharedworker", "serviceworker",
      "object", "embed", "frame",  "iframe"};
  if (head.fields.count(FieldId::sec_fetch_dest) > 1) return "Sec-Fetch-Dest is repeated";
  std::string_view destination = head.fields.value(FieldId::sec_fetch_dest);
  if (std::ranges::find(kCodeOrDocument, destination) != kCodeOrDocument.end()) {
    return "data of a run was asked for as code or as a document";
  }
  return std::nullopt;
}

}  // namespace signet::gateway
