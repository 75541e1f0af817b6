#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace signet::http {

// The character classes of RFC 9110 §5.6.2, §5.5 and RFC 3986 §2, as tables: one load per byte.
namespace character {

constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

template <typename Rule>
constexpr auto table(Rule rule) {
  std::array<std::uint8_t, 256> result{};
  for (unsigned i = 0; i < 256; ++i) {
    result[i] = static_cast<std::uint8_t>(rule(static_cast<char>(i)));
  }
  return result;
}

// tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" /
//         DIGIT / ALPHA
constexpr bool is_tchar_slow(char c) {
  return is_alpha(c) || is_digit(c) ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").contains(c));
}
// The lower-case form of a tchar, 0 for every other byte.
inline constexpr auto kTokenLower = table([](char c) { return is_tchar_slow(c) ? lower(c) : 0; });

// unreserved = ALPHA / DIGIT / "-" / "." / "_" / "~"
inline constexpr auto kUnreserved = table([](char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
});

// The value of a HEXDIG in any case, 0xFF for every other byte.
inline constexpr auto kHexValue = table([](char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 0xFF;
});

constexpr bool is_tchar(char c) {
  return kTokenLower[static_cast<std::uint8_t>(c)] != 0;
}
constexpr bool is_unreserved(char c) {
  return kUnreserved[static_cast<std::uint8_t>(c)] != 0;
}
constexpr std::uint8_t hex_value(char c) {
  return kHexValue[static_cast<std::uint8_t>(c)];
}

constexpr bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_tchar(c)) return false;
  }
  return !text.empty();
}

constexpr bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

// OWS = *( SP / HTAB ), RFC 9110 §5.6.3.
constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

// The next element of a list "a, b" (RFC 9110 §5.6.1) without its OWS; `rest` moves past it.
constexpr std::string_view next_element(std::string_view& rest) {
  const std::size_t comma = rest.find(',');
  const std::string_view element = trim(rest.substr(0, comma));
  rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  return element;
}

// field-vchar = VCHAR / obs-text, with SP and HTAB between: no other control character, no DEL.
constexpr bool is_value_byte(char c) {
  const auto byte = static_cast<std::uint8_t>(c);
  return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
}

// Eight bytes at once. Exact only in saying yes: a tab, which is lawful, is not seen as such.
inline bool are_value_bytes(const char* at) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  std::uint64_t word;
  std::memcpy(&word, at, 8);
  // A high bit where the byte is below 0x20, or 0x7F; obs-text (0x80 and up) is let through.
  const std::uint64_t low = (word - kOnes * 0x20) & ~word;
  const std::uint64_t is_del = word ^ (kOnes * 0x7F);
  const std::uint64_t del = (is_del - kOnes) & ~is_del;
  return ((low | del) & kHighs) == 0;
}

// The same for 32, written so that the compiler makes vectors of it: tokens are long.
inline bool are_32_value_bytes(const char* at) {
  std::uint8_t bad = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    const auto byte = static_cast<std::uint8_t>(at[i]);
    bad |= static_cast<std::uint8_t>((byte < 0x20) | (byte == 0x7F));
  }
  return bad == 0;
}

// Whether every byte may stand in a field value: values are most of a head.
inline bool is_field_value(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (text.size() >= 8) {
    while (end - at >= 32 && are_32_value_bytes(at))
      at += 32;
    while (end - at >= 8 && are_value_bytes(at))
      at += 8;
    // The rest of the text, with bytes before it that were seen already.
    if (end - at < 8 && are_value_bytes(end - 8)) return true;
  }
  for (; at != end; ++at) {
    if (!is_value_byte(*at)) return false;
  }
  return true;
}

}  // namespace character
}  // namespace signet::http
