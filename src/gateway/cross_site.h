#pragma once

#include <optional>
#include <string_view>

#include "gateway/route.h"
#include "gateway/site.h"
#include "http/body.h"

namespace signet::gateway {

// Design §1.3 "Cross-site": a page of another site must not make a browser change anything here.
// Gives the reason for the operator's log, or nothing when the request may go on. Callers that send
// neither Sec-Fetch-Site nor Origin are no browsers and pass.
std::optional<std::string_view> cross_site_reason(const http::RequestHead& head,
                                                  const OwnHost& host);

// Design §1.3 "Isolation": what may not be fetched as what. A service worker would see every later
// request of its scope; data of a run must not become code or a document of ours.
std::optional<std::string_view> isolation_reason(const http::RequestHead& head, const Route& route);

}  // namespace signet::gateway
