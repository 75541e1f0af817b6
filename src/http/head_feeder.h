#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.h"
#include "http/head_lines.h"
#include "http/request_parser.h"
#include "http/response_parser.h"
#include "runtime/arena.h"
#include "runtime/block_pool.h"

// For tests and fuzz targets: feeds a parser in fragments, each time in a new block of exactly the
// bytes there are, so that a view into an old block or past the end is an error under ASan.
namespace signet::http::test {

inline std::string summary(const BodyFraming& body) {
  switch (body.kind) {
    case BodyFraming::Kind::none: return "none";
    case BodyFraming::Kind::length: return "length " + std::to_string(body.length);
    case BodyFraming::Kind::chunked: return "chunked";
    case BodyFraming::Kind::until_close: return "until-close";
  }
  return "?";
}

inline std::string summary(const Fields& fields) {
  std::string text;
  for (const Field& field : fields) {
    text.append("\n").append(field.name).append(": ").append(field.value);
    if (field.id != FieldId::unknown && field_name(field.id) != field.name) text += " !id";
  }
  return text;
}

// Everything a parser found out, as text: "POST /a?b=c 1.1 host:80 length 5 keep" + field lines.
inline std::string summary(const RequestHead& head) {
  std::string text(head.method_name);
  text.append(" ").append(head.target.path);
  if (head.target.has_query) text.append("?").append(head.target.query);
  text.append(" 1.").append(std::to_string(head.minor_version)).append(" ");
  text.append(head.authority.host).append(":").append(std::to_string(head.authority.port));
  text.append(" ").append(summary(head.body)).append(head.keep_alive ? " keep" : " close");
  if (head.wants_continue) text += " continue";
  if (head.expectation_failed) text += " 417";
  return text + summary(head.fields);
}

inline std::string summary(const IncomingHead& head) {
  return std::to_string(head.status) + " 1." + std::to_string(head.minor_version) + " " +
         summary(head.body) + (head.keep_alive ? " keep" : " close") + summary(head.fields);
}

// One pool for all: mapping a slab for every input would be most of a fuzz target's time.
inline runtime::BlockPool& shared_pool() {
  static runtime::BlockPool pool;
  return pool;
}

struct Outcome {
  std::string text;             // the summary, or why it was refused, or "more"
  std::size_t head_length = 0;  // when complete
  std::size_t fed = 0;          // bytes the parser had been given when it decided
  bool operator==(const Outcome& other) const {
    return text == other.text && head_length == other.head_length;
  }
};

template <typename Parser>
Outcome feed(Parser parser, std::string_view raw, std::size_t fragment) {
  std::unique_ptr<char[]> block;
  std::size_t filled = 0;
  while (filled < raw.size()) {
    const std::size_t now = std::min(fragment, raw.size() - filled);
    std::unique_ptr<char[]> larger(new char[filled + now]);
    // The parser lower-cased names in the old block, as a caller's block would be moved.
    if (filled != 0) std::memcpy(larger.get(), block.get(), filled);
    std::memcpy(larger.get() + filled, raw.data() + filled, now);
    block = std::move(larger);
    filled += now;
    const std::expected<Progress, ParseError> progress = parser.parse(block.get(), filled);
    if (!progress) {
      return {"error " + std::to_string(static_cast<int>(progress.error())) + ": " +
                  std::string(describe(progress.error())),
              0, filled};
    }
    if (progress->complete) {
      return {summary(parser.head()), progress->head_length, filled};
    }
  }
  return {"more", 0, filled};
}

inline Outcome feed_request(std::string_view raw, std::size_t fragment,
                            const HeadLimits& limits = {}) {
  runtime::Arena arena(shared_pool());
  return feed(RequestParser(arena, limits), raw, fragment);
}

inline Outcome feed_response(std::string_view raw, std::size_t fragment, Method asked,
                             const HeadLimits& limits = {}) {
  runtime::Arena arena(shared_pool());
  return feed(ResponseParser(arena, limits, asked), raw, fragment);
}

inline std::string refused(ParseError error) {
  return "error " + std::to_string(static_cast<int>(error)) + ": " + std::string(describe(error));
}

// Every size for a small head; for a large one those that meet the edges and a few others.
inline std::vector<std::size_t> fragment_sizes(std::size_t bytes) {
  std::vector<std::size_t> sizes;
  if (bytes <= 600) {
    for (std::size_t i = 1; i <= bytes; ++i)
      sizes.push_back(i);
  } else {
    sizes = {997, 4096, bytes / 2, bytes - 2, bytes - 1, bytes};
  }
  return sizes;
}

}  // namespace signet::http::test
