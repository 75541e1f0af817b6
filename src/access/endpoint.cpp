#include "access/endpoint.h"

#include "access/endpoint_trie.h"

namespace signet::access {

namespace {

using trie::Node;
using trie::Route;

std::string_view first_segment(std::string_view rest) {
  return rest.substr(0, rest.find('/'));
}

// What follows the first segment and its slash; "" at the path's end.
std::string_view after(std::string_view rest, std::size_t segment) {
  return segment == rest.size() ? std::string_view() : rest.substr(segment + 1);
}

// 0 when there is none; the root is nobody's child.
std::uint16_t literal_child(const Node& node, std::string_view segment) {
  if (!node.has_literals) return 0;
  const std::uint32_t mask = (1U << node.slot_bits) - 1;
  for (std::uint32_t slot = trie::slot_of(node, segment);; slot = (slot + 1) & mask) {
    const trie::Slot& it = trie::kSlots[node.first_slot + slot];
    if (it.text == segment) return it.node;
    if (it.text.empty() || mask == 0) return 0;
  }
}

class Search {
 public:
  Search(http::Method method, std::uint8_t prefix, bool slash)
      : method_(method), prefix_(prefix), slash_(slash) {}

  // Depth is bounded by the table; the path's length only matters to the loop over a rest.
  const Route* walk(const Node& node, std::string_view rest) {
    if (rest.empty()) return route_at(node);
    std::string_view segment = first_segment(rest);
    if (segment.empty()) return nullptr;
    std::string_view tail = after(rest, segment.size());
    if (std::uint16_t child = literal_child(node, segment)) {
      if (const Route* found = walk(trie::kNodes[child], tail)) return found;
    }
    if (node.parameter != 0 && !follows_a_rest(segment)) {
      values_[count_++] = segment;
      if (const Route* found = walk(trie::kNodes[node.parameter], tail)) return found;
      --count_;
    }
    if (node.rest != 0) return walk_rest(trie::kNodes[node.rest], rest);
    return nullptr;
  }

  std::string_view value(std::size_t index) const { return values_[index]; }
  std::size_t count() const { return count_; }

 private:
  const Route* route_at(const Node& node) {
    for (const Route& route : trie::kRoutes.subspan(node.first_route, node.route_count)) {
      if (route.method != method_ || (route.prefixes & prefix_) == 0 || route.slash != slash_) {
        continue;
      }
      if (!route.suffix.empty()) {
        std::string_view& last = values_[count_ - 1];
        if (last.size() <= route.suffix.size() || !last.ends_with(route.suffix)) continue;
        last.remove_suffix(route.suffix.size());
      }
      return &route;
    }
    return nullptr;
  }

  const Route* walk_rest(const Node& node, std::string_view rest) {
    std::size_t end = first_segment(rest).size();
    if (follows_a_rest(rest.substr(0, end))) return nullptr;
    while (end < rest.size()) {
      std::string_view next = first_segment(rest.substr(end + 1));
      if (next.empty()) return nullptr;
      if (literal_child(node, next) != 0) break;
      if (follows_a_rest(next)) return nullptr;
      end += 1 + next.size();
    }
    values_[count_++] = rest.substr(0, end);
    rests_[rest_count_++] = &node;
    const Route* found = walk(node, after(rest, end));
    --rest_count_;
    if (found == nullptr) --count_;
    return found;
  }

  // Whether the segment might just as well end an earlier parameter for several segments: MLflow's
  // patterns are greedy and would read "a/versions/b/versions/c" the other way round.
  bool follows_a_rest(std::string_view segment) const {
    for (std::size_t i = 0; i < rest_count_; ++i) {
      if (literal_child(*rests_[i], segment) != 0) return true;
    }
    return false;
  }

  http::Method method_;
  std::uint8_t prefix_;
  bool slash_;
  std::size_t count_ = 0;
  std::array<std::string_view, kMaxParameters> values_;
  std::size_t rest_count_ = 0;
  std::array<const Node*, kMaxParameters> rests_{};
};

}  // namespace

std::string_view to_string(Class access) {
  switch (access) {
    case Class::read: return "read";
    case Class::use: return "use";
    case Class::write: return "write";
    case Class::delete_: return "delete";
    case Class::admin: return "admin";
    case Class::admin_read: return "admin-read";
    case Class::public_: return "public";
  }
  return "";
}

Match find(http::Method method, std::string_view path) {
  Match match;
  if (!path.starts_with('/')) return match;
  // Werkzeug answers HEAD wherever it answers GET, with the same handler.
  if (method == http::Method::head) method = http::Method::get;
  std::uint8_t prefix = trie::kRoot;
  if (path.starts_with("/api/")) {
    prefix = trie::kApi;
    path.remove_prefix(4);
  } else if (path.starts_with("/ajax-api/")) {
    prefix = trie::kAjaxApi;
    path.remove_prefix(9);
  }
  path.remove_prefix(1);
  // "/api/" is not the root under another name.
  if (path.empty() && prefix != trie::kRoot) return match;
  const bool slash = path.ends_with('/');
  if (slash) path.remove_suffix(1);
  if (slash && (path.empty() || path.ends_with('/'))) return match;
  Search search(method, prefix, slash);
  const Route* route = search.walk(trie::kNodes.front(), path);
  if (route == nullptr) return match;
  match.endpoint = &trie::kEndpoints[route->endpoint];
  match.count = search.count();
  for (std::size_t i = 0; i < match.count; ++i) {
    match.parameters[i] = {route->parameters[i], search.value(i)};
  }
  return match;
}

std::span<const Endpoint> all_endpoints() {
  return trie::kEndpoints;
}

}  // namespace signet::access
