#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "http/head_feeder.h"

// For the tables of request heads.
namespace signet::http::test {

// Feeds `raw` whole and at every fragment size; all must come to the same.
inline Outcome at_every_size(const std::string& raw, const HeadLimits& limits = {}) {
  const Outcome whole = feed_request(raw, raw.size(), limits);
  for (const std::size_t size : test::fragment_sizes(raw.size())) {
    const Outcome outcome = feed_request(raw, size, limits);
    EXPECT_EQ(outcome.text, whole.text) << "fragments of " << size << " of:\n" << raw;
    EXPECT_EQ(outcome.head_length, whole.head_length) << "fragments of " << size;
  }
  return whole;
}

struct Refused {
  std::string raw;
  ParseError error;
};

// A request whose head holds the given lines after its Host.
inline std::string post_with(const std::string& lines) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n\r\n";
}

inline void expect_refused(const std::vector<Refused>& rows) {
  for (const Refused& row : rows) {
    EXPECT_EQ(at_every_size(row.raw).text, refused(row.error)) << row.raw;
  }
}

}  // namespace signet::http::test
