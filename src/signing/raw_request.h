#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace signet::signing {

// A header field of a raw request.
struct RawHeader {
  // Lower-case.
  std::string name;
  // Without blanks at the ends; the lines of a folded value are joined with one space.
  std::string value;
  // The line or lines as given, without the last line's ending.
  std::string lines;
};

// A request as somebody wrote it down.
struct RawRequest {
  std::string method;
  // Origin form or absolute form, as given: possibly with raw spaces and UTF-8.
  std::string target;
  std::string version;
  std::vector<RawHeader> headers;
  std::string body;
  // How the first line ended: "\n" or "\r\n".
  std::string line_ending;

  // The value of the first header of that (lower-case) name, or nullptr. Lives until headers
  // change.
  const std::string* header(std::string_view name) const;
  void remove(std::string_view name);
  // Leaves one header of that name with that value: in the place of the first one given, else last.
  // `name` is spelled as it is to be shown.
  void set(std::string_view name, std::string_view value);
  // The message as text, lines ended as they were given.
  std::string text() const;
};

// Reads request line, headers and, after an empty line, the body: all the rest, byte for byte. The
// head may end with the text. Meant for what people paste and for AWS's published examples, so it
// is laxer than the gateway's parser: lines end in LF or CRLF, values may be folded (RFC 9112
// §5.2), the target may hold spaces and UTF-8. The error says what is wrong in which line.
std::expected<RawRequest, std::string> read_raw_request(std::string_view text);

}  // namespace signet::signing
