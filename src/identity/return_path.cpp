#include "identity/return_path.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "http/characters.h"
#include "http/utf8.h"

namespace signet::identity {

namespace {

// Who encodes more often has something to hide, and each time costs a pass over the text.
constexpr int kMostDecodings = 4;

bool is_control(std::uint8_t byte) {
  return byte < 0x20 || byte == 0x7F;
}

// The byte that the escape at `at` stands for, or -1.
int escaped(std::string_view text, std::size_t at) {
  if (text[at] != '%' || text.size() - at < 3) return -1;
  const unsigned high = http::character::hex_value(text[at + 1]);
  const unsigned low = http::character::hex_value(text[at + 2]);
  return high > 15 || low > 15 ? -1 : static_cast<int>(high << 4 | low);
}

// Decodes `text` once. False when that brings what no path may hide.
bool decode_path(std::string& text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int byte = escaped(text, i);
    if (byte < 0) {
      decoded += text[i];
      continue;
    }
    if (byte == '/' || byte == '\\' || is_control(static_cast<std::uint8_t>(byte))) return false;
    decoded += static_cast<char>(byte);
    i += 2;
  }
  text = std::move(decoded);
  return true;
}

bool has_plain_segments(std::string_view path) {
  for (path.remove_prefix(1); !path.empty();) {
    const std::size_t end = path.find('/');
    const std::string_view segment = path.substr(0, end);
    if (segment.empty() || segment == "." || segment == "..") return false;
    if (end == std::string_view::npos) break;
    path.remove_prefix(end + 1);
  }
  return true;
}

bool is_utf8(std::string_view text) {
  http::Utf8Check utf8;
  for (const char c : text) {
    if (!utf8.accept(static_cast<std::uint8_t>(c))) return false;
  }
  return utf8.complete();
}

bool is_safe_path(std::string_view path) {
  if (path.contains(';')) return false;
  std::string decoded(path);
  std::string before;
  for (int depth = 0; before != decoded; ++depth) {
    if (depth > kMostDecodings || !has_plain_segments(decoded)) return false;
    before = decoded;
    // Each time: the gateway itself refuses what is not UTF-8 after one.
    if (!decode_path(decoded) || !is_utf8(decoded)) return false;
  }
  return decoded != "/signet" && !decoded.starts_with("/signet/");
}

}  // namespace

std::optional<std::string> safe_return_path(std::string_view text) {
  if (text.size() > kMaxReturnPathBytes || !text.starts_with('/')) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte < 0x21 || byte > 0x7E || byte == '\\') return std::nullopt;
    if (byte != '%') continue;
    const int hidden = escaped(text, i);
    if (hidden < 0 || is_control(static_cast<std::uint8_t>(hidden))) return std::nullopt;
  }
  if (std::ranges::count(text, '#') > 1) return std::nullopt;
  if (!is_safe_path(text.substr(0, text.find_first_of("?#")))) return std::nullopt;
  return std::string(text);
}

}  // namespace signet::identity
