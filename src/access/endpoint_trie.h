#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "access/endpoint.h"

// The shape of what make_endpoint_table.py writes; only endpoint.cpp reads it.
namespace signet::access::trie {

// Under which addresses a row is served: /api, /ajax-api, or the path as it is.
inline constexpr std::uint8_t kApi = 1;
inline constexpr std::uint8_t kAjaxApi = 2;
inline constexpr std::uint8_t kRoot = 4;

struct Route {
  std::uint16_t endpoint;  // index into kEndpoints
  http::Method method;
  std::uint8_t prefixes;
  bool slash;               // the path ends in one
  std::string_view suffix;  // literal end of the last parameter's segment
  std::array<std::string_view, kMaxParameters> parameters;  // names, in the path's order
};

// A literal child in its parent's hash table; an empty text is an empty slot.
struct Slot {
  std::string_view text;
  std::uint16_t node;
};

struct Node {
  std::uint16_t first_slot;
  std::uint8_t slot_bits;  // the table has 1 << slot_bits slots
  bool has_literals;
  std::uint32_t multiplier;  // found by the generator so that few children collide
  std::uint16_t parameter;   // child for one segment, 0: none
  std::uint16_t rest;        // child for one or more segments, 0: none
  std::uint16_t first_route;
  std::uint16_t route_count;
};

// The hash of a segment; make_endpoint_table.py computes the same.
constexpr std::uint32_t segment_key(std::string_view segment) {
  auto byte = [&](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(segment[at]));
  };
  std::size_t size = segment.size();
  return static_cast<std::uint32_t>(size & 0xff) | byte(0) << 8 | byte(size - 1) << 16 |
         byte(size / 2) << 24;
}

constexpr std::uint32_t slot_of(const Node& node, std::string_view segment) {
  return node.slot_bits == 0 ? 0
                             : (segment_key(segment) * node.multiplier) >> (32 - node.slot_bits);
}

extern const std::span<const Endpoint> kEndpoints;
extern const std::span<const Route> kRoutes;
extern const std::span<const Slot> kSlots;
extern const std::span<const Node> kNodes;  // the first is the root

}  // namespace signet::access::trie
