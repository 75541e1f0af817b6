#include "watch/json_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>

namespace signet::watch {

namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr std::string_view kCut = "\xE2\x80\xA6";  // U+2026

struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
  bool valid = true;
};

// The UTF-8 character at the front of a text that is not empty (RFC 3629 §4). Of an invalid one,
// `bytes` is the length of the maximal subpart (Unicode §3.9), so that each is replaced once.
Character next_character(std::string_view text) {
  auto byte = [&](std::size_t at) -> unsigned char {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
  };
  unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  if (lead < 0xC2 || lead > 0xF4) return {0, 1, false};
  std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  auto code = static_cast<char32_t>(lead & (0x7F >> length));
  for (std::size_t i = 1; i < length; ++i) {
    if (byte(i) < low || byte(i) > high) return {0, i, false};
    code = code << 6 | (byte(i) & 0x3F);
    low = 0x80;
    high = 0xBF;
  }
  return {code, length, true};
}

bool is_plain(unsigned char c) {
  return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

// High bits that are set where one of the eight bytes may not be plain.
std::uint64_t odd_bytes(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  auto zero_byte = [&](std::uint64_t value) { return (value - kOnes) & ~value; };
  // Above 0x7E (adding 1 carries DEL into it), below 0x20, a quote, a backslash.
  return (word | ((word & ~kHigh) + kOnes) | (((word | kHigh) - 0x20 * kOnes) ^ kHigh) |
          zero_byte(word ^ ('"' * kOnes)) | zero_byte(word ^ ('\\' * kOnes))) &
         kHigh;
}

template <typename Word>
Word word_at(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Eight bytes at a time, the last of which may have been seen already: most of what is logged is
// nothing but plain.
bool is_plain(std::string_view text) {
  const char* const from = text.data();
  const std::size_t size = text.size();
  if (size >= 8) {
    std::uint64_t odd = odd_bytes(word_at<std::uint64_t>(from + size - 8));
    for (std::size_t at = 0; at + 8 < size; at += 8)
      odd |= odd_bytes(word_at<std::uint64_t>(from + at));
    return odd == 0;
  }
  if (size >= 4) {
    std::uint64_t high = word_at<std::uint32_t>(from + size - 4);
    return odd_bytes(word_at<std::uint32_t>(from) | high << 32) == 0;
  }
  return std::ranges::all_of(text, [](char c) { return is_plain(static_cast<unsigned char>(c)); });
}

// What stands for a character in a JSON string, "" when it may stand for itself.
std::string_view escape_of(const Character& character, std::array<char, 6>& room) {
  if (!character.valid) return "\\ufffd";
  switch (character.code) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: break;
  }
  char32_t code = character.code;
  bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  if (!control && code != 0x2028 && code != 0x2029) return {};
  room = {'\\',
          'u',
          kHex[code >> 12 & 0xF],
          kHex[code >> 8 & 0xF],
          kHex[code >> 4 & 0xF],
          kHex[code & 0xF]};
  return {room.data(), room.size()};
}

}  // namespace

void append_escaped(std::string& out, std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes && is_plain(text)) {
    out += text;
    return;
  }
  const std::size_t start = out.size();
  // Where to cut if the end does not fit: the last border after which the mark still does.
  const std::size_t last_cut = start + (max_bytes > kCut.size() ? max_bytes - kCut.size() : 0);
  std::size_t cut_at = start;
  std::array<char, 6> room;
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(static_cast<unsigned char>(text[plain])))
      ++plain;
    const std::size_t before = out.size();
    if (plain > 0) {
      plain = std::min(plain, max_bytes + 1);
      out += text.substr(0, plain);
      text.remove_prefix(plain);
      if (before <= last_cut) cut_at = std::min(out.size(), last_cut);
    } else {
      Character character = next_character(text);
      std::string_view escape = escape_of(character, room);
      out += escape.empty() ? text.substr(0, character.bytes) : escape;
      text.remove_prefix(character.bytes);
      if (out.size() <= last_cut) cut_at = out.size();
    }
    if (out.size() - start > max_bytes) {
      out.resize(cut_at);
      if (max_bytes >= kCut.size()) out += kCut;
      return;
    }
  }
}

void append_json_string(std::string& out, std::string_view text, std::size_t max_bytes) {
  out += '"';
  append_escaped(out, text, max_bytes);
  out += '"';
}

void append_json_string(std::string& out, std::string_view text) {
  append_json_string(out, text, std::numeric_limits<std::size_t>::max() / 2);
}

void append_json_name(std::string& out, std::string_view name) {
  if (!out.ends_with('{')) out += ',';
  append_json_string(out, name);
  out += ':';
}

}  // namespace signet::watch
