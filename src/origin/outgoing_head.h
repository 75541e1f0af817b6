#pragma once

#include <expected>
#include <string_view>

#include "http/fields.h"
#include "origin/head_block.h"
#include "origin/outgoing.h"

namespace signet::origin {

// What is wrong with an Outgoing that cannot be written; one plain sentence, valid for ever.
using Unsendable = std::string_view;

// Writes the head of an HTTP/1.1 request into `block`, replacing what was there: request line,
// Host, the request's fields, `extra`, framing. Nothing that could end a line early gets through,
// nor a second framing: both would be request smuggling.
std::expected<void, Unsendable> write_head(HeadBlock& block, const Outgoing& request,
                                           const http::Fields& extra, std::string_view host);

}  // namespace signet::origin
