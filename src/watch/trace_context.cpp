#include "watch/trace_context.h"

#include <algorithm>
#include <cstring>

namespace signet::watch {

namespace {

constexpr char kHex[] = "0123456789abcdef";

bool is_lower_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_hex_text(std::string_view text) {
  return std::ranges::all_of(text, is_lower_hex);
}

bool is_all_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

int hex_value(char c) {
  return c <= '9' ? c - '0' : c - 'a' + 10;
}

void write_hex(char* to, std::uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4)
    *to++ = kHex[value >> shift & 0xF];
}

// §3.3.1.3.1: simple-key = lcalpha 0*255( lcalpha / DIGIT / "_" / "-"/ "*" / "/" );
// multi-tenant-key = tenant-id "@" system-id, the first at most 241 long and perhaps beginning with
// a digit, the second at most 14.
bool is_key_part(std::string_view text, std::size_t longest, bool digit_first) {
  auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || text.size() > longest) return false;
  if (!lower(text.front()) && !(digit_first && digit(text.front()))) return false;
  return std::ranges::all_of(text, [&](char c) {
    return lower(c) || digit(c) || c == '_' || c == '-' || c == '*' || c == '/';
  });
}

bool is_key(std::string_view key) {
  std::size_t at = key.find('@');
  if (at == std::string_view::npos) return is_key_part(key, 256, false);
  return is_key_part(key.substr(0, at), 241, true) && is_key_part(key.substr(at + 1), 14, false);
}

// §3.3.1.3.2: value = 0*255(chr) nblk-chr, printable ASCII without "," and "=".
bool is_value(std::string_view value) {
  return !value.empty() && value.size() <= 256 && value.back() != ' ' &&
         std::ranges::all_of(value,
                             [](char c) { return c >= 0x20 && c <= 0x7E && c != ',' && c != '='; });
}

std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t'))
    text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t'))
    text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<TraceParent> parse_traceparent(std::string_view value) {
  constexpr std::size_t kLength = 55;
  if (value.size() < kLength || value[2] != '-' || value[35] != '-' || value[52] != '-') {
    return std::nullopt;
  }
  std::string_view version = value.substr(0, 2);
  std::string_view trace = value.substr(3, 32);
  std::string_view parent = value.substr(36, 16);
  std::string_view flags = value.substr(53, 2);
  if (!is_hex_text(version) || version == "ff" || !is_hex_text(trace) || is_all_zero(trace) ||
      !is_hex_text(parent) || is_all_zero(parent) || !is_hex_text(flags)) {
    return std::nullopt;
  }
  // Later versions may go on after a dash; of version 00 there is no more.
  if (value.size() > kLength && (version == "00" || value[kLength] != '-')) return std::nullopt;
  TraceParent result;
  std::memcpy(result.trace_id.data(), trace.data(), trace.size());
  std::memcpy(result.parent_id.data(), parent.data(), parent.size());
  result.flags = static_cast<std::uint8_t>(hex_value(flags[0]) << 4 | hex_value(flags[1]));
  return result;
}

TraceParentText traceparent_text(const TraceParent& trace) {
  TraceParentText text;
  char* to = text.data();
  std::ranges::copy(std::string_view("00-"), to);
  std::memcpy(to + 3, trace.trace_id.data(), 32);
  to[35] = '-';
  std::memcpy(to + 36, trace.parent_id.data(), 16);
  to[52] = '-';
  to[53] = kHex[trace.flags >> 4];
  to[54] = kHex[trace.flags & 0xF];
  return text;
}

bool is_passable_tracestate(std::string_view value) {
  if (value.size() > 512) return false;
  int members = 0;
  // Empty members are lawful (§3.3.1.1) and do not count.
  for (std::size_t at = 0; at <= value.size();) {
    std::size_t comma = std::min(value.find(',', at), value.size());
    std::string_view member = without_blanks(value.substr(at, comma - at));
    at = comma + 1;
    if (member.empty()) continue;
    std::size_t equals = member.find('=');
    if (equals == std::string_view::npos || !is_key(member.substr(0, equals)) ||
        !is_value(member.substr(equals + 1)) || ++members > 32) {
      return false;
    }
  }
  return members > 0;
}

std::uint64_t IdGenerator::next() {
  // SplitMix64 (Steele, Lea, Flood 2014): a bijection of a counter, so no state repeats for 2^64.
  std::uint64_t mixed = (state_ += 0x9E3779B97F4A7C15);
  mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
  return mixed ^ mixed >> 31;
}

std::array<char, 32> IdGenerator::request_id() {
  std::array<char, 32> id;
  write_hex(id.data(), next());
  write_hex(id.data() + 16, next());
  return id;
}

TraceParent IdGenerator::new_trace(bool sampled) {
  TraceParent trace;
  trace.trace_id = request_id();
  // All zero is not a lawful id.
  if (is_all_zero(trace.trace())) trace.trace_id.back() = '1';
  trace.flags = sampled ? 1 : 0;
  return child_of(trace);
}

TraceParent IdGenerator::child_of(const TraceParent& parent) {
  TraceParent child = parent;
  std::uint64_t id = next();
  write_hex(child.parent_id.data(), id == 0 ? 1 : id);
  // §3.2.2.5: of a later version only the bits we know may be passed on.
  child.flags = parent.flags & 1;
  return child;
}

}  // namespace signet::watch
