#include "signing/raw_request.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

namespace signet::signing {

namespace {

// RFC 9110 §5.6.2: token.
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").contains(c);
  });
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

bool has_control_characters(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
}

// Takes lines off the front of a text.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  std::string_view next() {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ending_ = line.ends_with('\r') ? "\r\n" : "\n";
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number_;
    return line;
  }
  std::string_view rest() const { return rest_; }
  std::string_view ending() const { return ending_; }
  int number() const { return number_; }

 private:
  std::string_view rest_;
  std::string_view ending_;
  int number_ = 0;
};

bool is_http_version(std::string_view text) {
  return text.size() == 8 && text.starts_with("HTTP/") && text[5] >= '0' && text[5] <= '9' &&
         text[6] == '.' && text[7] >= '0' && text[7] <= '9';
}

// The target may hold spaces, so it is what stands between the first and the last one.
bool read_request_line(std::string_view line, RawRequest& request) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == line.npos || last <= first + 1) return false;
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  request.version = line.substr(last + 1);
  return is_token(request.method) && is_http_version(request.version) &&
         !has_control_characters(request.target) && !request.target.contains('\t');
}

}  // namespace

const std::string* RawRequest::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &RawHeader::name);
  return found == headers.end() ? nullptr : &found->value;
}

void RawRequest::remove(std::string_view name) {
  std::erase_if(headers, [name](const RawHeader& header) { return header.name == name; });
}

void RawRequest::set(std::string_view name, std::string_view value) {
  const std::string key = lower(name);
  const RawHeader header{key, std::string(value), fmt::format("{}: {}", name, value)};
  const auto first = std::ranges::find(headers, key, &RawHeader::name);
  if (first == headers.end()) {
    headers.push_back(header);
    return;
  }
  if (first->value != value) *first = header;
  headers.erase(std::remove_if(first + 1, headers.end(),
                               [&key](const RawHeader& later) { return later.name == key; }),
                headers.end());
}

std::string RawRequest::text() const {
  std::string text = fmt::format("{} {} {}{}", method, target, version, line_ending);
  for (const RawHeader& header : headers)
    text.append(header.lines).append(line_ending);
  return text.append(line_ending).append(body);
}

std::expected<RawRequest, std::string> read_raw_request(std::string_view text) {
  RawRequest request;
  Lines lines(text);
  if (!read_request_line(lines.next(), request)) {
    return std::unexpected("line 1 is not a request line like \"GET /path HTTP/1.1\"");
  }
  request.line_ending = lines.ending();

  while (!lines.at_end()) {
    const std::string_view line = lines.next();
    if (line.empty()) break;
    if (has_control_characters(line)) {
      return std::unexpected(fmt::format("line {}: control character in a header", lines.number()));
    }
    if (is_blank(line.front())) {
      if (request.headers.empty()) {
        return std::unexpected(
            fmt::format("line {}: continues a header, but there is none", lines.number()));
      }
      RawHeader& folded = request.headers.back();
      folded.lines.append(request.line_ending).append(line);
      const std::string_view more = trimmed(line);
      if (!folded.value.empty() && !more.empty()) folded.value.push_back(' ');
      folded.value.append(more);
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == line.npos || !is_token(line.substr(0, colon))) {
      return std::unexpected(
          fmt::format("line {} is not a header like \"Name: value\"; the body "
                      "begins after an empty line",
                      lines.number()));
    }
    request.headers.push_back({lower(line.substr(0, colon)),
                               std::string(trimmed(line.substr(colon + 1))), std::string(line)});
  }
  request.body = lines.rest();
  return request;
}

}  // namespace signet::signing
