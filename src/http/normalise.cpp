#include <array>
#include <cstring>

#include "http/characters.h"
#include "http/target.h"
#include "http/utf8.h"

namespace signet::http {
namespace {

using character::hex_value;
using character::is_unreserved;

constexpr std::string_view kUpperHex = "0123456789ABCDEF";

// pct-encoded = "%" HEXDIG HEXDIG (RFC 3986 §2.1). -1 when `at` begins no such triplet.
int escape_at(std::string_view text, std::size_t at) {
  if (text.size() - at < 3) return -1;
  const std::uint8_t high = hex_value(text[at + 1]);
  const std::uint8_t low = hex_value(text[at + 2]);
  if ((high | low) > 0x0F) return -1;
  return high << 4 | low;
}

// The output of normalising: the input itself until something changes, then a copy in the arena.
class Output {
 public:
  // `growth`: how many bytes one byte of the input may become.
  Output(std::string_view input, std::size_t growth, runtime::Arena& arena)
      : input_(input), growth_(growth), arena_(arena) {}

  // The next bytes are `run`, as it stands in the input.
  void same(std::string_view run) {
    if (copy_ != nullptr) std::memcpy(copy_ + size_, run.data(), run.size());
    size_ += run.size();
  }
  void changed(char c) {
    if (copy_ == nullptr) begin_copy();
    copy_[size_++] = c;
  }
  void escape(std::uint8_t byte, std::string_view as_written) {
    const char triplet[3] = {'%', kUpperHex[byte >> 4], kUpperHex[byte & 0x0F]};
    if (as_written == std::string_view(triplet, 3)) return same(as_written);
    for (const char c : triplet)
      changed(c);
  }

  std::string_view view() const {
    return copy_ == nullptr ? input_.substr(0, size_) : std::string_view(copy_, size_);
  }
  std::size_t size() const { return size_; }

 private:
  void begin_copy() {
    copy_ = arena_.make_array<char>(input_.size() * growth_);
    std::memcpy(copy_, input_.data(), size_);
  }

  std::string_view input_;
  std::size_t growth_;
  runtime::Arena& arena_;
  char* copy_ = nullptr;
  std::size_t size_ = 0;
};

// What a path's segments are made of: VCHAR, less what has a meaning of its own and what different
// servers read differently.
constexpr auto kSegmentByte = character::table([](char c) {
  return c > 0x20 && c < 0x7F && c != '\\' && c != ';' && c != '#' && c != '?' && c != '%' &&
         c != '/';
});

// The bytes from `at` on that are of the class.
std::string_view run_of(const std::array<std::uint8_t, 256>& bytes, std::string_view text,
                        std::size_t at) {
  std::size_t end = at;
  while (end != text.size() && bytes[static_cast<std::uint8_t>(text[end])] != 0)
    ++end;
  return text.substr(at, end - at);
}

bool is_dot_segment(std::string_view segment) {
  return segment == "." || segment == "..";
}

bool names_a_signature(std::string_view normalised_key) {
  // The prefix is unreserved throughout, so no escape is left that could hide it.
  return character::equals_ignoring_case(normalised_key.substr(0, 6), "x-amz-");
}

}  // namespace

std::expected<std::string_view, ParseError> normalise_path(std::string_view path,
                                                           runtime::Arena& arena) {
  const auto refused = [] { return std::unexpected(ParseError::bad_path); };
  if (!path.starts_with('/')) return refused();
  Output output(path, 1, arena);
  std::size_t segment = 0;  // where the present one begins in the output
  Utf8Check utf8;
  for (std::size_t i = 0; i < path.size();) {
    if (path[i] == '%') {
      const int escaped = escape_at(path, i);
      if (escaped < 0x20 || escaped == 0x7F || escaped == '/' || escaped == '\\') return refused();
      const auto byte = static_cast<std::uint8_t>(escaped);
      if (!utf8.accept(byte)) return refused();
      if (is_unreserved(static_cast<char>(byte))) {
        output.changed(static_cast<char>(byte));
      } else {
        output.escape(byte, path.substr(i, 3));
      }
      i += 3;
      continue;
    }
    if (!utf8.complete()) return refused();
    if (path[i] == '/') {
      const std::string_view last = output.view().substr(segment);
      if ((last.empty() && i != 0) || is_dot_segment(last)) return refused();
      output.same(path.substr(i, 1));
      segment = output.size();
      ++i;
      continue;
    }
    const std::string_view run = run_of(kSegmentByte, path, i);
    if (run.empty()) return refused();
    output.same(run);
    i += run.size();
  }
  if (!utf8.complete() || is_dot_segment(output.view().substr(segment))) return refused();
  return output.view();
}

std::expected<std::string_view, ParseError> normalise_query(std::string_view query,
                                                            runtime::Arena& arena) {
  const auto refused = [] { return std::unexpected(ParseError::bad_query); };
  Output output(query, 3, arena);
  std::size_t parameters = 1;
  std::size_t key = 0;  // where the present one begins in the output
  bool in_key = true;
  Utf8Check utf8;
  for (std::size_t i = 0; i < query.size();) {
    const char c = query[i];
    if (c == '%') {
      const int escaped = escape_at(query, i);
      if (escaped < 0 || !utf8.accept(static_cast<std::uint8_t>(escaped))) return refused();
      const auto byte = static_cast<std::uint8_t>(escaped);
      if (is_unreserved(static_cast<char>(byte))) {
        output.changed(static_cast<char>(byte));
      } else {
        output.escape(byte, query.substr(i, 3));
      }
      i += 3;
      continue;
    }
    if (c <= 0x20 || c >= 0x7F || c == '#' || !utf8.complete()) return refused();
    const std::string_view run = run_of(character::kUnreserved, query, i);
    if (!run.empty()) {
      output.same(run);
      i += run.size();
      continue;
    }
    if (c == '&' || (c == '=' && in_key)) {
      if (in_key && names_a_signature(output.view().substr(key))) {
        return std::unexpected(ParseError::signature_in_query);
      }
      output.same(query.substr(i, 1));
      in_key = c == '&';
      key = output.size();
      if (in_key && ++parameters > kMaxQueryParameters) {
        return std::unexpected(ParseError::too_many_parameters);
      }
    } else {
      // application/x-www-form-urlencoded writes a space as "+"; AWS reads only "%20".
      output.escape(c == '+' ? 0x20 : static_cast<std::uint8_t>(c), query.substr(i, 1));
    }
    ++i;
  }
  if (!utf8.complete()) return refused();
  if (in_key && names_a_signature(output.view().substr(key))) {
    return std::unexpected(ParseError::signature_in_query);
  }
  return output.view();
}

bool second_decode_would_change(std::string_view path) {
  for (std::size_t at = path.find("%25"); at != std::string_view::npos;
       at = path.find("%25", at + 3)) {
    if (path.size() - at >= 5 && (hex_value(path[at + 3]) | hex_value(path[at + 4])) <= 0x0F) {
      return true;
    }
  }
  return false;
}

std::string_view percent_decode(std::string_view text, runtime::Arena& arena) {
  if (!text.contains('%')) return text;
  char* const decoded = arena.make_array<char>(text.size());
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int escaped = text[i] == '%' ? escape_at(text, i) : -1;
    decoded[size++] = escaped < 0 ? text[i] : static_cast<char>(escaped);
    if (escaped >= 0) i += 2;
  }
  return {decoded, size};
}

std::span<const QueryParameter> query_parameters(std::string_view query, runtime::Arena& arena) {
  if (query.empty()) return {};
  std::size_t pairs = 1;
  for (const char c : query)
    pairs += c == '&' ? 1 : 0;
  auto* const parameters = arena.make_array<QueryParameter>(pairs);
  std::size_t count = 0;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    parameters[count++] = {percent_decode(pair.substr(0, equals), arena),
                           percent_decode(value, arena)};
  }
  return {parameters, count};
}

}  // namespace signet::http
