#pragma once

#include <span>

#include "config/cidr.h"
#include "http/fields.h"
#include "runtime/address.h"

namespace signet::front {

// Who is really asking: right to left over X-Forwarded-For for as long as the address at hand is a
// trusted proxy's. A list that does not parse is not believed beyond the last good hop. Host and
// scheme are never taken from a request.
runtime::Address client_address(const runtime::Address& peer, const http::Fields& fields,
                                std::span<const config::Cidr> trusted_proxies);

}  // namespace signet::front
